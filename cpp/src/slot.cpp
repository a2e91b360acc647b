#include "slot.hpp"

#include <algorithm>
#include <utility>

#include "longplay/random.hpp"

namespace longplay {
namespace {

constexpr int kTimeShift = 0;
constexpr int kPitch = 1;

}  // namespace

Slot::Slot(Model& model, Sampler& sampler, const Tokenizer* tokenizer)
    : model_(&model), sampler_(&sampler), tokenizer_(tokenizer), fields_(model.config().fields.size()) {
  const auto& controls = model.config().controls;
  for (std::size_t c = 0; c < controls.size(); ++c) {
    if (controls[c].name == "remaining") remaining_control_ = static_cast<int>(c);
  }
  std::int32_t widest = 0;
  for (const FieldConfig& field : model.config().fields) widest = std::max(widest, field.size);
  bias_.resize(static_cast<std::size_t>(widest));
  event_.resize(fields_);
  log_probability_.resize(fields_);
  answer_state_.resize(model.state_bytes());
  moving_.resize(model.state_bytes());
}

bool Slot::begin(const Request& request, int row) {
  request_ = &request;
  row_ = row;
  prompt_events_ = request.prompt.size() / fields_;
  prompt_taken_ = 0;
  events_drawn_ = 0;
  drawn_ = {};
  loop_guard_ = {};
  timeline_.reset();
  if (request.form) timeline_.emplace(*tokenizer_, *request.form, request.random_seed, request.candidate);
  event_ = model_->config().start_event;
  model_->reset(row);
  return prompt_events_ > 0 || request.max_events > 0;
}

void Slot::move_to(int row) {
  model_->save(row_, moving_);
  model_->load(row, moving_);
  row_ = row;
}

void Slot::prepare() {
  if (timeline_ && !forced() && events_drawn_ == 0) {
    model_->save(row_, answer_state_);
    answer_event_ = event_;
  }
  std::ranges::copy(event_, model_->event(row_).begin());
  const auto control = model_->control(row_);
  std::ranges::copy(request_->controls, control.begin());
  if (timeline_ && !forced() && remaining_control_ >= 0) {
    const auto c = static_cast<std::size_t>(remaining_control_);
    const auto& bounds = model_->config().controls[c].bounds;
    control[c] = std::ranges::upper_bound(bounds, timeline_->remaining_ms()) - bounds.begin();
  }
}

bool Slot::needs_heads() const { return !forced() || request_->score_prompt; }

std::span<const float> Slot::bias(int field) {
  const auto& asked = request_->bias[static_cast<std::size_t>(field)];
  if (!timeline_ || (field != kTimeShift && field != kPitch)) return asked;
  const auto size = static_cast<std::size_t>(model_->config().fields[static_cast<std::size_t>(field)].size);
  const std::span<float> row(bias_.data(), size);
  if (asked.empty()) {
    std::ranges::fill(row, 0.0F);
  } else {
    std::ranges::copy(asked, row.begin());
  }
  if (field == kTimeShift) {
    timeline_->constrain(row);
  } else {
    loop_guard_.forbid(row);
    loop_guard_.forbid_last(timeline_->notes_at(event_[kTimeShift]), row);  // a chord has a pitch once
  }
  return row;
}

void Slot::take_field(int field) {
  const auto f = static_cast<std::size_t>(field);
  if (forced()) {
    event_[f] = request_->prompt[prompt_taken_ * fields_ + f];
    if (request_->score_prompt) {
      log_probability_[f] = sampler_->log_probability(model_->logits(field, row_), event_[f]);
    }
  } else {
    const double u =
        uniform(request_->random_seed, request_->candidate, events_drawn_, static_cast<std::uint32_t>(field));
    const Draw draw = sampler_->draw(model_->logits(field, row_), bias(field), request_->params[f], u);
    event_[f] = draw.id;
    log_probability_[f] = draw.log_probability;
  }
  if (f + 1 < fields_) model_->choose(row_, field, event_[f]);
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
  Advance advance = Advance::note;
  if (timeline_) {
    const bool end = event_[kTimeShift] == tokenizer_->end_id();
    if (end) {  // it has no other fields
      std::fill(event_.begin() + 1, event_.end(), 0);
      std::fill(log_probability_.begin() + 1, log_probability_.end(), 0.0F);
    } else {
      loop_guard_.push(event_[kPitch]);
    }
    const std::int64_t before = timeline_->onset_ms();
    advance = timeline_->advance({event_[0], event_[1], event_[2], event_[3]});
    made_ = timeline_->onset_ms() - before;
    drawn_.onsets_ms.push_back(timeline_->onset_ms());
  } else {
    made_ = 1;
  }
  drawn_.events.insert(drawn_.events.end(), event_.begin(), event_.end());
  drawn_.log_probabilities.insert(drawn_.log_probabilities.end(), log_probability_.begin(),
                                  log_probability_.end());
  if (advance == Advance::new_piece) {  // it answers the prompt afresh
    model_->load(row_, answer_state_);
    event_ = answer_event_;
  }
  return advance == Advance::finished || events_drawn_ >= request_->max_events;
}

}  // namespace longplay
