#include "generator/slot.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "events/random.hpp"
#include "events/random_addresses.hpp"

namespace longplay {

Slot::Slot(Model& model, Sampler& sampler, const Notation* notation)
    : model_(&model), sampler_(&sampler), notation_(notation), fields_(model.config().fields.size()) {
  const auto& controls = model.config().controls;
  for (std::size_t c = 0; c < controls.size(); ++c) {
    if (controls[c].name == "remaining") remaining_control_ = static_cast<int>(c);
    unknown_.push_back(controls[c].unknown);
  }
  std::int32_t widest = 0;
  for (const FieldConfig& field : model.config().fields) widest = std::max(widest, field.size);
  bias_.resize(static_cast<std::size_t>(widest));
  guided_.resize(static_cast<std::size_t>(widest));
  log_probability_.resize(fields_);
}

bool Slot::begin(const Request& request, Rows rows) {
  request_ = &request;
  rows_ = rows;
  prompt_events_ = request.prompt.size() / fields_;
  prompt_taken_ = 0;
  events_drawn_ = 0;
  result_ = {};
  composer_.reset();
  if (request.from) {
    at_ = *request.from;
    load(at_.state);
  } else {
    at_ = {};
    at_.event = model_->config().start_event;
    model_->reset(rows.conditional);
    if (guided()) model_->reset(rows.unconditional);
  }
  if (request.form) {
    const ComposerTask task{*notation_,          model_->config(),  *request.form, request.bias[0],
                            request.random_seed, request.candidate, request.span};
    composer_ = request.from ? resume_form(task, at_.form) : begin_form(task, request.past);
  }
  return prompt_events_ > 0 || request.max_events > 0;
}

void Slot::move(int from, int to) {
  at_.state.resize(model_->state_bytes());
  model_->save(from, at_.state);
  model_->load(to, at_.state);
  (from == rows_.conditional ? rows_.conditional : rows_.unconditional) = to;
}

void Slot::save(std::vector<std::byte>& state) const {
  const std::size_t bytes = model_->state_bytes();
  state.resize(guided() ? 2 * bytes : bytes);
  model_->save(rows_.conditional, std::span(state).first(bytes));
  if (guided()) model_->save(rows_.unconditional, std::span(state).last(bytes));
}

// The state of one row serves both rows; of the states of two rows, one serves one row.
void Slot::load(std::span<const std::byte> state) {
  model_->load(rows_.conditional, state.first(model_->state_bytes()));
  if (guided()) model_->load(rows_.unconditional, state.last(model_->state_bytes()));
}

GenerationResult Slot::result() {
  if (composer_) result_.refusals = composer_->refusals();
  if (request_->keep_state) {
    save(at_.state);
    if (composer_) at_.form = composer_->state();
    result_.state = std::move(at_);
  }
  return std::move(result_);
}

void Slot::prepare() {
  if (composer_ && request_->form->recital && !forced() && at_.events_drawn == 0) {
    save(at_.prompt_state);
    at_.prompt_event = at_.event;
  }
  write_inputs(rows_.conditional, request_->controls);
  if (guided()) write_inputs(rows_.unconditional, unknown_);
}

void Slot::write_inputs(int row, std::span<const std::int32_t> controls) {
  std::ranges::copy(at_.event, model_->event(row).begin());
  model_->mark_seed(row, at_.event_is_seed);
  const auto control = model_->control(row);
  std::ranges::copy(controls, control.begin());
  if (composer_ && !forced() && remaining_control_ >= 0) {
    const auto c = static_cast<std::size_t>(remaining_control_);
    const auto& bounds = model_->config().controls[c].bounds;
    control[c] = std::ranges::upper_bound(bounds, composer_->remaining_ms()) - bounds.begin();
  }
}

bool Slot::needs_heads() const { return !forced() || request_->score_prompt; }

// A copy of the request's biases of a field, for the composer to add to.
std::span<float> Slot::requested_bias(std::size_t field) {
  const auto& requested = request_->bias[field];
  const auto size = static_cast<std::size_t>(model_->config().fields[field].size);
  const std::span<float> row = std::span(bias_).first(size);
  if (requested.empty()) {
    std::ranges::fill(row, 0.0F);
  } else {
    std::ranges::copy(requested, row.begin());
  }
  return row;
}

std::span<const float> Slot::logits(std::size_t field) {
  const auto conditional = model_->logits(static_cast<int>(field), rows_.conditional);
  if (!guided()) return conditional;
  const auto unconditional = model_->logits(static_cast<int>(field), rows_.unconditional);
  const auto scale = static_cast<float>(request_->guidance_scale);
  for (std::size_t id = 0; id < conditional.size(); ++id) {
    guided_[id] = std::isfinite(unconditional[id])
                      ? unconditional[id] + scale * (conditional[id] - unconditional[id])
                      : conditional[id];
  }
  return std::span(guided_).first(conditional.size());
}

Draw Slot::draw(std::size_t field) {
  const std::uint32_t attempt = composer_ ? composer_->attempt() : 0;
  const double u = uniform(request_->random_seed, request_->candidate, at_.events_drawn,
                           random_address::draw(static_cast<std::uint32_t>(field), attempt));
  const SamplingParams& params = request_->params[field];
  if (!composer_) return sampler_->draw(logits(field), request_->bias[field], params, u);
  const std::span<float> bias = requested_bias(field);
  if (!composer_->constrain(field, at_.event, bias))
    return sampler_->draw(logits(field), request_->bias[field], params, u);
  Draw drawn = sampler_->draw(logits(field), bias, params, u);
  for (std::uint32_t refusals = 0; !composer_->accepts(field, at_.event, drawn.id); ++refusals)
    drawn = redraw(field, drawn.id, refusals, bias);
  return settle(field, drawn);
}

Draw Slot::settle(std::size_t field, Draw drawn) {
  const std::int32_t id = composer_->settle(field, drawn.id);
  if (id != drawn.id) drawn = {id, sampler_->log_probability(logits(field), id)};
  if (composer_->weighs(field)) result_.log_weight += drawn.log_probability;
  return drawn;
}

// Forbids the refused id and draws another one.
Draw Slot::redraw(std::size_t field, std::int32_t refused, std::uint32_t refusals, std::span<float> bias) {
  bias[static_cast<std::size_t>(refused)] = kForbidden;
  if (std::ranges::all_of(bias, [](float b) { return b == kForbidden; })) {
    throw Error("candidate " + std::to_string(request_->candidate) + " cannot continue after " +
                std::to_string(composer_->onset_ms()) +
                " ms: every pitch that is left would quote what it avoids; try another random_seed");
  }
  const double u = uniform(request_->random_seed, request_->candidate, at_.events_drawn,
                           random_address::redraw(composer_->attempt(), refusals));
  return sampler_->draw(logits(field), bias, request_->params[field], u);
}

void Slot::take_field(int field) {
  const auto f = static_cast<std::size_t>(field);
  if (forced()) {
    at_.event[f] = request_->prompt[prompt_taken_ * fields_ + f];
    if (request_->score_prompt) {
      log_probability_[f] = sampler_->log_probability(model_->logits(field, rows_.conditional), at_.event[f]);
    }
  } else {
    const Draw drawn = draw(f);
    at_.event[f] = drawn.id;
    log_probability_[f] = drawn.log_probability;
  }
  if (f + 1 == fields_) return;
  model_->choose(rows_.conditional, field, at_.event[f]);
  if (guided()) model_->choose(rows_.unconditional, field, at_.event[f]);
}

bool Slot::take_event() {
  made_ = 0;
  if (!forced()) return take_drawn_event();
  ++prompt_taken_;
  if (composer_) composer_->read(at_.event);
  // A piece that is scored has no seed, so its first notes stand for one, as in training.
  at_.event_is_seed = !request_->score_prompt || std::cmp_less(prompt_taken_, model_->config().seed_events);
  keep_for_critic();
  if (request_->score_prompt) {
    auto& kept = result_.prompt_log_probabilities;
    kept.insert(kept.end(), log_probability_.begin(), log_probability_.end());
  }
  return !forced() && request_->max_events == 0;
}

bool Slot::take_drawn_event() {
  ++events_drawn_;
  ++at_.events_drawn;
  at_.event_is_seed = false;
  made_ = 1;
  Outcome outcome = Outcome::accepted;
  if (composer_) {
    const std::int64_t before = composer_->onset_ms();
    outcome = composer_->accept(at_.event);
    if (outcome == Outcome::rejected) restore_checkpoint();
    made_ = composer_->onset_ms() - before;
    if (outcome == Outcome::rejected) return false;
    if (composer_->is_end(at_.event)) {
      std::fill(at_.event.begin() + 1, at_.event.end(), 0);
      std::fill(log_probability_.begin() + 1, log_probability_.end(), 0.0F);
    }
    result_.onsets_ms.push_back(composer_->onset_ms());
    const auto sounds = composer_->sounds();
    result_.sounds.insert(result_.sounds.end(), sounds.begin(), sounds.end());
  }
  result_.events.insert(result_.events.end(), at_.event.begin(), at_.event.end());
  result_.log_probabilities.insert(result_.log_probabilities.end(), log_probability_.begin(),
                                   log_probability_.end());
  if (outcome == Outcome::new_piece) {  // a new piece begins after the prompt
    load(at_.prompt_state);
    at_.event = at_.prompt_event;
    at_.event_is_seed = true;
    at_.recent.clear();
  } else {
    keep_for_critic();
  }
  result_.finished = outcome == Outcome::finished;
  if (!composer_) return events_drawn_ >= request_->max_events;
  if (composer_->needs_checkpoint()) save_checkpoint();
  if (composer_->is_provisional()) return false;
  return result_.finished || events_drawn_ >= request_->max_events ||
         composer_->onset_ms() >= request_->until_ms;
}

// Adds the last event to those that the critic reads.
void Slot::keep_for_critic() {
  if (!model_->config().critic) return;
  at_.recent.insert(at_.recent.end(), at_.event.begin(), at_.event.end());
  const std::size_t most = static_cast<std::size_t>(model_->config().critic->events) * fields_;
  if (at_.recent.size() > most)
    at_.recent.erase(at_.recent.begin(), at_.recent.end() - static_cast<std::ptrdiff_t>(most));
}

void Slot::save_checkpoint() {
  checkpoint_.state = at_;
  checkpoint_.state.form = composer_->state();
  save(checkpoint_.state.state);
  checkpoint_.events_drawn = events_drawn_;
  checkpoint_.events_kept = result_.onsets_ms.size();
  checkpoint_.sounds_kept = result_.sounds.size();
}

void Slot::restore_checkpoint() {
  at_ = checkpoint_.state;
  load(at_.state);
  composer_->restore(at_.form);
  events_drawn_ = checkpoint_.events_drawn;
  result_.onsets_ms.resize(checkpoint_.events_kept);
  result_.sounds.resize(checkpoint_.sounds_kept);
  result_.events.resize(checkpoint_.events_kept * fields_);
  result_.log_probabilities.resize(checkpoint_.events_kept * fields_);
}

}  // namespace longplay
