#include "longplay/generator.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "longplay/error.hpp"
#include "slot.hpp"

namespace longplay {
namespace {

constexpr int kStepsBetweenReports = 16;

std::size_t widest_field(const ModelConfig& config) {
  std::int32_t widest = 0;
  for (const FieldConfig& field : config.fields) widest = std::max(widest, field.size);
  return static_cast<std::size_t>(widest);
}

[[noreturn]] void misfit(const std::string& what, std::size_t expected, std::size_t got) {
  throw std::invalid_argument(what + " must have " + std::to_string(expected) + " entries, not " +
                              std::to_string(got));
}

}  // namespace

void Request::validate(const ModelConfig& config) const {
  const std::size_t fields = config.fields.size();
  if (prompt.size() % fields != 0) {
    throw std::invalid_argument("prompt must hold " + std::to_string(fields) + " ids per event, not " +
                                std::to_string(prompt.size()) + " in all");
  }
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    const FieldConfig& field = config.fields[i % fields];
    if (prompt[i] < 0 || prompt[i] >= field.size) {
      throw std::invalid_argument(field.name + " of prompt event " + std::to_string(i / fields) +
                                  " must be in [0, " + std::to_string(field.size - 1) + "], not " +
                                  std::to_string(prompt[i]));
    }
  }
  if (params.size() != fields) misfit("params", fields, params.size());
  for (const SamplingParams& p : params) p.validate();
  if (bias.size() != fields) misfit("bias", fields, bias.size());
  for (std::size_t f = 0; f < fields; ++f) {
    const auto size = static_cast<std::size_t>(config.fields[f].size);
    if (!bias[f].empty() && bias[f].size() != size)
      misfit("bias of " + config.fields[f].name, size, bias[f].size());
  }
  if (controls.size() != config.controls.size()) misfit("controls", config.controls.size(), controls.size());
  for (std::size_t c = 0; c < controls.size(); ++c) {
    if (controls[c] < 0 || controls[c] >= config.controls[c].size) {
      throw std::invalid_argument("control " + config.controls[c].name + " must be in [0, " +
                                  std::to_string(config.controls[c].size - 1) + "], not " +
                                  std::to_string(controls[c]));
    }
  }
  if (from && (from->event.size() != fields)) misfit("the last event", fields, from->event.size());
  if (form) {
    if (!Tokenizer::is_note_model(config.fields))
      throw std::invalid_argument("form must be absent: this model's events are not notes");
    form->validate();
  }
}

LoopTime& LoopTime::operator+=(const LoopTime& other) {
  total_seconds += other.total_seconds;
  run_seconds += other.run_seconds;
  step_seconds += other.step_seconds;
  sampling_seconds += other.sampling_seconds;
  steps += other.steps;
  return *this;
}

Generator::Generator(std::unique_ptr<Model> model)
    : model_(std::move(model)), sampler_(widest_field(model_->config())) {
  if (Tokenizer::is_note_model(model_->config().fields)) tokenizer_.emplace(model_->config().fields);
}

Generator::~Generator() = default;

// Puts the next request that has anything to do into a row. False when there is none.
bool Generator::begin_next(Queue& queue, int row) {
  while (const Request* request = queue.next()) {
    request->validate(model_->config());
    Slot& slot = slots_[static_cast<std::size_t>(row)];
    if (slot.begin(*request, row)) return true;
    queue.done(*request, slot.result());
  }
  return false;
}

double Generator::step(int rows) {
  const std::span<Slot> slots(slots_.data(), static_cast<std::size_t>(rows));
  for (Slot& slot : slots) slot.prepare();
  model_->step(rows);
  const bool heads = std::ranges::any_of(slots, &Slot::needs_heads);
  const auto fields = static_cast<int>(model_->config().fields.size());
  double sampling_seconds = 0;
  for (int field = 0; field < fields; ++field) {
    if (field > 0 && heads) model_->head(field, rows);
    const auto start = std::chrono::steady_clock::now();
    for (Slot& slot : slots) slot.take_field(field);
    sampling_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return sampling_seconds;
}

LoopTime Generator::run(Queue& queue, int rows) {
  if (rows < 1 || rows > model_->max_batch()) {
    throw std::invalid_argument("rows must be in [1, " + std::to_string(model_->max_batch()) + "], not " +
                                std::to_string(rows));
  }
  const auto start = std::chrono::steady_clock::now();
  const double run_before = model_->run_seconds(), step_before = model_->step_seconds();
  slots_.assign(static_cast<std::size_t>(rows), Slot(*model_, sampler_, tokenizer_ ? &*tokenizer_ : nullptr));

  LoopTime time;
  int active = 0;
  while (active < rows && begin_next(queue, active)) ++active;
  std::int64_t made = 0;
  for (int steps = 1; active > 0; ++steps) {
    time.sampling_seconds += step(active);
    time.steps += static_cast<std::uint64_t>(active);
    for (int row = active - 1; row >= 0; --row) {
      Slot& slot = slots_[static_cast<std::size_t>(row)];
      const bool done = slot.take_event();
      made += slot.made();
      if (!done) continue;
      queue.done(slot.request(), slot.result());
      if (begin_next(queue, row)) continue;
      // Nothing is left to begin: the last row, which has taken its event, moves into the gap.
      --active;
      if (row == active) continue;
      std::swap(slot, slots_[static_cast<std::size_t>(active)]);
      slot.move_to(row);
    }
    if (steps % kStepsBetweenReports == 0 || active == 0) {
      if (!queue.progress(std::exchange(made, 0))) break;
    }
  }
  slots_.clear();
  time.run_seconds = model_->run_seconds() - run_before;
  time.step_seconds = model_->step_seconds() - step_before;
  time.total_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return time;
}

}  // namespace longplay
