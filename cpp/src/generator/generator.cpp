#include "generator/generator.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "generator/particles.hpp"
#include "generator/search.hpp"
#include "generator/slot.hpp"

namespace longplay {
namespace {

constexpr int kStepsBetweenReports = 16;

std::size_t widest_field(const ModelConfig& config) {
  std::int32_t widest = 0;
  for (const FieldConfig& field : config.fields) widest = std::max(widest, field.size);
  return static_cast<std::size_t>(widest);
}

}  // namespace

void Request::validate(const ModelConfig& config) const {
  const std::size_t fields = config.fields.size();
  if (prompt.size() % fields != 0) {
    refuse("prompt must hold " + std::to_string(fields) + " ids per event, not " +
           std::to_string(prompt.size()) + " in all");
  }
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    const FieldConfig& field = config.fields[i % fields];
    if (prompt[i] >= 0 && prompt[i] < field.size) continue;
    refuse_range(field.name + " of prompt event " + std::to_string(i / fields), prompt[i], 0, field.size - 1);
  }
  require_entries("params", params.size(), fields);
  require_entries("bias", bias.size(), fields);
  for (std::size_t f = 0; f < fields; ++f) {
    const auto size = static_cast<std::size_t>(config.fields[f].size);
    if (!bias[f].empty()) require_entries("bias of " + config.fields[f].name, bias[f].size(), size);
  }
  require_entries("controls", controls.size(), config.controls.size());
  for (std::size_t c = 0; c < controls.size(); ++c) {
    require_range("control " + config.controls[c].name, controls[c], 0, config.controls[c].size - 1);
  }
  if (from) require_entries("the last event", from->event.size(), fields);
  require_range("search", search, 1, kMostBranches);
  if (search > 1 && !config.critic) refuse("search must be 1: this model has no critic", search);
  if (search > 1 && !form) refuse("search must be 1 without a form", search);
  require_range("particles", particles, 1, kMostParticles);
  if (sketch && search > 1) refuse("search must be 1 for a sketch", search);
  if (form) {
    if (!Notation::exists(config)) refuse("form must be absent: this model's events are not notes");
    form->validate();
  }
}

int Request::rows(const ModelConfig& config) const {
  const bool has_controls = !std::ranges::equal(controls, config.controls, {}, {}, &ControlConfig::unknown);
  return has_controls && guidance_scale != kGuidanceOff ? 2 : 1;
}

void GenerationResult::append(const GenerationResult& next) {
  const auto add = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  add(events, next.events);
  add(log_probabilities, next.log_probabilities);
  add(prompt_log_probabilities, next.prompt_log_probabilities);
  add(onsets_ms, next.onsets_ms);
  add(sounds, next.sounds);
  refusals = next.refusals;
}

LoopTime& LoopTime::operator+=(const LoopTime& other) {
  total_seconds += other.total_seconds;
  run_seconds += other.run_seconds;
  step_seconds += other.step_seconds;
  sampling_seconds += other.sampling_seconds;
  steps += other.steps;
  row_steps += other.row_steps;
  return *this;
}

Generator::Generator(std::unique_ptr<Model> model, std::unique_ptr<Critic> critic)
    : model_(std::move(model)), critic_(std::move(critic)), sampler_(widest_field(model_->config())) {
  if (Notation::exists(model_->config())) notation_.emplace(model_->config());
}

Generator::~Generator() = default;

// Returns the next request, which stays the next one until it starts, or nullptr if there is none.
const Request* Generator::look_ahead(Queue& queue) {
  if (ahead_) return ahead_;
  ahead_ = queue.next();
  if (ahead_) ahead_->validate(model_->config());
  return ahead_;
}

// Starts requests while there are any and the rows suffice, or until a stop.
void Generator::begin_more(Queue& queue, int rows, const Stop& stop) {
  while (used_ < rows && !stop.requested()) {
    const Request* request = look_ahead(queue);
    if (!request) return;
    const int needed = request->rows(model_->config());
    if (needed > rows) {
      refuse("rows must be at least 2 for a guided request", rows);
    }
    if (used_ + needed > rows) return;
    ahead_ = nullptr;
    Slot& slot = slots_[active_];
    if (slot.begin(*request, {used_, needed == 2 ? used_ + 1 : -1})) {
      ++active_;
      used_ += needed;
    } else {
      queue.done(*request, slot.result());
    }
  }
}

// Delivers the result of a request. If the next request needs as many rows, it reuses them. Otherwise the
// last rows and the last slot, which has already taken its event, fill the gap.
void Generator::finish(Queue& queue, std::size_t index, const Stop& stop) {
  Slot& slot = slots_[index];
  const Slot::Rows rows = slot.rows();
  const int count = rows.unconditional < 0 ? 1 : 2;
  queue.done(slot.request(), slot.result());
  while (const Request* request = look_ahead(queue)) {
    stop.check();
    if (request->rows(model_->config()) != count) break;
    ahead_ = nullptr;
    if (slot.begin(*request, rows)) return;
    queue.done(*request, slot.result());
  }
  std::swap(slot, slots_[--active_]);
  for (const int row :
       {std::max(rows.conditional, rows.unconditional), std::min(rows.conditional, rows.unconditional)}) {
    if (row < 0 || row == --used_) continue;
    const auto has_last = [&](const Slot& other) {
      return other.rows().conditional == used_ || other.rows().unconditional == used_;
    };
    std::ranges::find_if(std::span(slots_).first(active_), has_last)->move(used_, row);
  }
}

// A slot may copy megabytes, so a stop is looked for between two slots.
double Generator::step(const Stop& stop) {
  const std::span<Slot> slots(slots_.data(), active_);
  for (Slot& slot : slots) {
    stop.check();
    slot.prepare();
  }
  model_->step(used_);
  const auto start = std::chrono::steady_clock::now();
  const double run_before = model_->run_seconds();
  const bool heads = std::ranges::any_of(slots, &Slot::needs_heads);
  const auto fields = static_cast<int>(model_->config().fields.size());
  for (int field = 0; field < fields; ++field) {
    if (field > 0 && heads) model_->head(field, used_);
    for (Slot& slot : slots) {
      stop.check();
      slot.take_field(field);
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return seconds - (model_->run_seconds() - run_before);
}

void Generator::loop(Queue& queue, int rows, const Stop& stop, LoopTime& time) {
  begin_more(queue, rows, stop);
  std::int64_t made = 0;
  for (int steps = 1; active_ > 0 && !stop.requested(); ++steps) {
    time.sampling_seconds += step(stop);
    bool finished = false;
    ++time.steps;
    time.row_steps += static_cast<std::uint64_t>(used_);
    for (std::size_t index = active_; index-- > 0;) {
      stop.check();
      const bool done = slots_[index].take_event();
      if (!slots_[index].request().is_part()) made += slots_[index].made();
      if (done) finish(queue, index, stop);
      finished |= done;
    }
    if (finished) begin_more(queue, rows, stop);  // a search has branches for more rows than became free
    if (steps % kStepsBetweenReports == 0 || active_ == 0) queue.progress(std::exchange(made, 0));
  }
}

LoopTime Generator::run(Queue& queue, int rows, Stop& stop) {
  require_range("rows", rows, 1, model_->max_batch());
  const Model::Stoppable stoppable(*model_, stop);
  const auto start = std::chrono::steady_clock::now();
  const double run_before = model_->run_seconds(), step_before = model_->step_seconds();
  slots_.clear();
  for (int row = 0; row < rows; ++row)
    slots_.emplace_back(*model_, sampler_, notation_ ? &*notation_ : nullptr);
  active_ = 0;
  used_ = 0;
  ahead_ = nullptr;

  LoopTime time;
  Search search(queue, critic_.get(), model_->config(), stop);
  Particles particles(search, model_->config(), stop);
  try {
    loop(particles, rows, stop, time);
  } catch (const Cancelled&) {  // in the middle of a step
  }
  slots_.clear();
  time.run_seconds = model_->run_seconds() - run_before;
  time.step_seconds = model_->step_seconds() - step_before;
  time.total_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return time;
}

}  // namespace longplay
