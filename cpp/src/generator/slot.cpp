#include "generator/slot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/random.hpp"

namespace longplay {
namespace {

constexpr int kTimeShift = 0;
constexpr int kPitch = 1;
constexpr int kDuration = 3;

constexpr std::uint32_t kAttempts = 24;       // at a close
constexpr std::uint32_t kAttemptFields = 64;  // from one attempt's random numbers to the next one's

// Random numbers that no field of an event draws with: for pitches in place of those that would quote.
constexpr std::uint32_t kAgainField = 1U << 24;
constexpr std::uint32_t kAgainFields = 256;  // from one attempt's to the next one's

}  // namespace

Slot::Slot(Model& model, Sampler& sampler, const Tokenizer* tokenizer)
    : model_(&model), sampler_(&sampler), tokenizer_(tokenizer), fields_(model.config().fields.size()) {
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
  if (tokenizer) octaves_ = Steering::octaves(model.config().fields[kTimeShift].values);
}

bool Slot::begin(const Request& request, Rows rows) {
  request_ = &request;
  rows_ = rows;
  prompt_events_ = request.prompt.size() / fields_;
  prompt_taken_ = 0;
  events_drawn_ = 0;
  drawn_ = {};
  closing_ = {};
  timeline_.reset();
  if (request.from) {
    at_ = *request.from;
    load(at_.state);
  } else {
    at_ = {};
    at_.event = model_->config().start_event;
    at_.quote_guard = request.quote_guard;
    model_->reset(rows.told);
    if (guided()) model_->reset(rows.untold);
  }
  if (request.form && request.from) {
    timeline_.emplace(*tokenizer_, *request.form, request.random_seed, request.candidate, at_.place);
  } else if (request.form) {
    timeline_.emplace(*tokenizer_, *request.form, request.random_seed, request.candidate);
  }
  return prompt_events_ > 0 || request.max_events > 0;
}

void Slot::move(int from, int to) {
  at_.state.resize(model_->state_bytes());
  model_->save(from, at_.state);
  model_->load(to, at_.state);
  (from == rows_.told ? rows_.told : rows_.untold) = to;
}

void Slot::save(std::vector<std::byte>& state) const {
  const std::size_t bytes = model_->state_bytes();
  state.resize(guided() ? 2 * bytes : bytes);
  model_->save(rows_.told, std::span(state).first(bytes));
  if (guided()) model_->save(rows_.untold, std::span(state).last(bytes));
}

// A state that was kept of one row does for both, and that of both for one.
void Slot::load(std::span<const std::byte> state) {
  model_->load(rows_.told, state.first(model_->state_bytes()));
  if (guided()) model_->load(rows_.untold, state.last(model_->state_bytes()));
}

Drawn Slot::result() {
  drawn_.refusals = at_.quote_guard.refusals();
  if (request_->keep_position) {
    save(at_.state);
    if (timeline_) at_.place = timeline_->place();
    drawn_.position = std::move(at_);
  }
  return std::move(drawn_);
}

void Slot::prepare() {
  if (timeline_ && request_->form->recital && !forced() && at_.events_drawn == 0) {
    save(at_.answer_state);
    at_.answer_event = at_.event;
  }
  tell(rows_.told, request_->controls);
  if (guided()) tell(rows_.untold, unknown_);
}

void Slot::tell(int row, std::span<const std::int32_t> controls) {
  std::ranges::copy(at_.event, model_->event(row).begin());
  const auto control = model_->control(row);
  std::ranges::copy(controls, control.begin());
  if (timeline_ && !forced() && remaining_control_ >= 0) {
    const auto c = static_cast<std::size_t>(remaining_control_);
    const auto& bounds = model_->config().controls[c].bounds;
    control[c] = std::ranges::upper_bound(bounds, timeline_->remaining_ms()) - bounds.begin();
  }
}

bool Slot::needs_heads() const { return !forced() || request_->score_prompt; }

std::span<const float> Slot::bias(int field) {
  const auto f = static_cast<std::size_t>(field);
  const auto& asked = request_->bias[f];
  if (!timeline_ || field == kDuration) return asked;
  const FieldConfig& config = model_->config().fields[f];
  const std::span<float> row(bias_.data(), static_cast<std::size_t>(config.size));
  if (asked.empty()) {
    std::ranges::fill(row, 0.0F);
  } else {
    std::ranges::copy(asked, row.begin());
  }
  if (field == kTimeShift) {
    pull_ = steered() ? at_.steering.pull(*model_->config().bands) : Steering::Pull{};
    timeline_->constrain(row);
    at_.steering.lean_time_shift(pull_, octaves_, row);
  } else if (at_.event[kTimeShift] == tokenizer_->end_id()) {
    return asked;
  } else if (field == kPitch) {
    if (timeline_->moves_on(at_.event[kTimeShift])) at_.loop_guard.next_onset();
    at_.loop_guard.forbid(row);
    at_.steering.lean_pitch(pull_, config.values, row);
  } else {
    at_.steering.lean_velocity(pull_, config.values, row);
  }
  return row;
}

std::span<const float> Slot::logits(int field) {
  const auto told = model_->logits(field, rows_.told);
  if (!guided()) return told;
  const auto untold = model_->logits(field, rows_.untold);
  const auto scale = static_cast<float>(request_->guidance_scale);
  for (std::size_t id = 0; id < told.size(); ++id) {
    guided_[id] = std::isfinite(untold[id]) ? untold[id] + scale * (told[id] - untold[id]) : told[id];
  }
  return std::span(guided_).first(told.size());
}

Draw Slot::draw(int field) {
  const auto f = static_cast<std::size_t>(field);
  const double u = uniform(request_->random_seed, request_->candidate, at_.events_drawn,
                           static_cast<std::uint32_t>(field) + kAttemptFields * closing_.attempt);
  const Draw drawn = sampler_->draw(logits(field), bias(field), request_->params[f], u);
  const bool watched = field == kPitch && timeline_ && at_.quote_guard.watches();
  return watched && at_.event[kTimeShift] != tokenizer_->end_id() ? without_quoting(drawn) : drawn;
}

// Draws again, each time without the pitches that would quote.
Draw Slot::without_quoting(Draw pitch) {
  constexpr float kForbidden = -std::numeric_limits<float>::infinity();
  const std::span<float> bias(bias_.data(), static_cast<std::size_t>(model_->config().fields[kPitch].size));
  const Place& place = timeline_->place();
  const std::int64_t shift = place.at_once ? 0 : tokenizer_->time_shift_ms(at_.event[kTimeShift]);
  const std::int64_t onset = place.onset + shift;
  for (std::uint32_t again = 0;; ++again) {
    if (!at_.quote_guard.would_quote(tokenizer_->pitch(pitch.id), onset)) return pitch;
    bias[static_cast<std::size_t>(pitch.id)] = kForbidden;
    if (std::ranges::all_of(bias, [](float b) { return b == kForbidden; }))
      throw Error("candidate " + std::to_string(request_->candidate) + " cannot go on at " +
                  std::to_string(onset) +
                  " ms: with each pitch that is left it would quote what it avoids; " +
                  "another random_seed goes another way");
    at_.quote_guard.refuse();
    const double u = uniform(request_->random_seed, request_->candidate, at_.events_drawn,
                             kAgainField + kAgainFields * closing_.attempt + again);
    pitch = sampler_->draw(logits(kPitch), bias, request_->params[kPitch], u);
  }
}

void Slot::take_field(int field) {
  const auto f = static_cast<std::size_t>(field);
  if (forced()) {
    at_.event[f] = request_->prompt[prompt_taken_ * fields_ + f];
    if (request_->score_prompt) {
      log_probability_[f] = sampler_->log_probability(model_->logits(field, rows_.told), at_.event[f]);
    }
  } else {
    const Draw drawn = draw(field);
    at_.event[f] = drawn.id;
    log_probability_[f] = drawn.log_probability;
  }
  if (f + 1 == fields_) return;
  model_->choose(rows_.told, field, at_.event[f]);
  if (guided()) model_->choose(rows_.untold, field, at_.event[f]);
}

bool Slot::take_event() {
  made_ = 0;
  if (!forced()) return take_drawn_event();
  ++prompt_taken_;
  if (request_->score_prompt) {
    auto& kept = drawn_.prompt_log_probabilities;
    kept.insert(kept.end(), log_probability_.begin(), log_probability_.end());
  }
  return !forced() && request_->max_events == 0;
}

bool Slot::take_drawn_event() {
  ++events_drawn_;
  ++at_.events_drawn;
  Advance advance = Advance::note;
  if (timeline_) {
    const std::int64_t before = timeline_->onset_ms();
    const bool end = at_.event[kTimeShift] == tokenizer_->end_id();
    if (end && closing_.under_way && !timeline_->is_closed() && closing_.attempt + 1 < kAttempts) {
      draw_closing_again();
      made_ = timeline_->onset_ms() - before;
      return false;
    }
    if (end) {  // it has no other fields
      std::fill(at_.event.begin() + 1, at_.event.end(), 0);
      std::fill(log_probability_.begin() + 1, log_probability_.end(), 0.0F);
      closing_.under_way = false;
      closing_.attempt = 0;
    }
    advance = timeline_->advance({at_.event[0], at_.event[1], at_.event[2], at_.event[3]});
    if (!end) take_note();
    made_ = timeline_->onset_ms() - before;
    drawn_.onsets_ms.push_back(timeline_->onset_ms());
  } else {
    made_ = 1;
  }
  drawn_.events.insert(drawn_.events.end(), at_.event.begin(), at_.event.end());
  drawn_.log_probabilities.insert(drawn_.log_probabilities.end(), log_probability_.begin(),
                                  log_probability_.end());
  if (advance == Advance::new_piece) {  // it answers the prompt afresh
    load(at_.answer_state);
    at_.event = at_.answer_event;
  }
  if (timeline_ && advance == Advance::note && !closing_.under_way && timeline_->is_closing())
    begin_closing();
  drawn_.finished = advance == Advance::finished;
  if (closing_.under_way) return false;  // what is drawn now may be drawn again
  return drawn_.finished || events_drawn_ >= request_->max_events ||
         (timeline_ && timeline_->onset_ms() >= request_->until_ms);
}

void Slot::take_note() {
  at_.loop_guard.push(at_.event[kPitch]);
  at_.quote_guard.push(tokenizer_->pitch(at_.event[kPitch]), timeline_->onset_ms());
  if (!steered()) return;
  at_.steering.push(
      tokenizer_->note({at_.event[0], at_.event[1], at_.event[2], at_.event[3]}, timeline_->onset_ms()));
}

void Slot::begin_closing() {
  closing_.under_way = true;
  closing_.attempt = 0;
  closing_.from = at_;
  closing_.from.place = timeline_->place();
  save(closing_.from.state);
  closing_.events_drawn = events_drawn_;
  closing_.events_kept = drawn_.onsets_ms.size();
}

void Slot::draw_closing_again() {
  ++closing_.attempt;
  at_ = closing_.from;
  load(at_.state);
  timeline_.emplace(*tokenizer_, *request_->form, request_->random_seed, request_->candidate, at_.place);
  events_drawn_ = closing_.events_drawn;
  drawn_.onsets_ms.resize(closing_.events_kept);
  drawn_.events.resize(closing_.events_kept * fields_);
  drawn_.log_probabilities.resize(closing_.events_kept * fields_);
}

}  // namespace longplay
