#include "longplay/timeline.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace longplay {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

void at_least(std::int64_t value, std::int64_t least, const char* name) {
  if (value < least) {
    throw std::invalid_argument(std::string(name) + " must be at least " + std::to_string(least) + ", not " +
                                std::to_string(value));
  }
}

}  // namespace

void Form::validate() const {
  at_least(length_ms, 1, "length_ms");
  at_least(start_ms, 0, "start_ms");
  at_least(sounding_until_ms, 0, "sounding_until_ms");
  at_least(clip_ms, 0, "clip_ms");
  at_least(clip_grace_ms, 1, "clip_grace_ms");
  at_least(max_gap_ms, 1, "max_gap_ms");
  at_least(pause_ms, 0, "pause_ms");
  at_least(min_piece_ms, 0, "min_piece_ms");
  at_least(max_tail_ms, 0, "max_tail_ms");
  at_least(last_onset_ms, 0, "last_onset_ms");
  at_least(max_chord, 1, "max_chord");
}

Timeline::Timeline(const Tokenizer& tokenizer, const Form& form)
    : tokenizer_(&tokenizer),
      form_(form),
      onset_(form.start_ms),
      sounding_until_(form.sounding_until_ms),
      piece_start_(form.start_ms),
      at_once_(form.starts_at_once) {
  form.validate();
}

// The latest onset that keeps every clip's beginning from being silent. An onset on a boundary is at
// the beginning of the clip that starts there.
std::int64_t Timeline::clip_deadline() const {
  if (form_.clip_ms == 0) return std::numeric_limits<std::int64_t>::max();
  return (onset_ / form_.clip_ms + 1) * form_.clip_ms + form_.clip_grace_ms;
}

bool Timeline::may_end() const {
  const std::int64_t over = std::max(onset_, sounding_until_);
  if (form_.length_ms - over <= form_.max_tail_ms) return true;
  return form_.recital && onset_ - piece_start_ >= form_.min_piece_ms &&
         form_.length_ms - over - form_.pause_ms >= form_.min_piece_ms;
}

std::int64_t Timeline::remaining_ms() const {
  const std::int64_t left = form_.length_ms - onset_;
  const bool last_piece = !form_.recital || left - form_.pause_ms < form_.min_piece_ms;
  return last_piece ? std::max<std::int64_t>(left, 0) : -1;
}

void Timeline::constrain(std::span<float> bias) const {
  const auto end = static_cast<std::size_t>(tokenizer_->end_id());
  if (at_once_) {  // any shift will do: it is not heard
    bias[end] = kForbidden;
    return;
  }
  if (!may_end()) bias[end] = kForbidden;
  if (chord_ >= form_.max_chord) bias[0] = kForbidden;
  const std::int64_t longest = std::min(form_.max_gap_ms, clip_deadline() - onset_);
  for (std::size_t id = end; id-- > 1 && tokenizer_->time_shift_ms(static_cast<std::int32_t>(id)) > longest;) {
    // The shortest shift that moves on stays open, so that there is always a way forward.
    if (id > 1 || chord_ < form_.max_chord) bias[id] = kForbidden;
  }
}

Advance Timeline::advance(const NoteEvent& event) {
  if (event[0] == tokenizer_->end_id()) {
    const std::int64_t over = std::max(onset_, sounding_until_);
    if (form_.length_ms - over <= form_.max_tail_ms) return Advance::finished;
    onset_ = std::min(over + form_.pause_ms, clip_deadline());
    sounding_until_ = onset_;
    piece_start_ = onset_;
    at_once_ = true;
    chord_ = 0;
    return Advance::new_piece;
  }
  const std::int64_t shift = at_once_ ? 0 : tokenizer_->time_shift_ms(event[0]);
  if (onset_ + shift > form_.length_ms - form_.last_onset_ms && !at_once_) return Advance::finished;
  at_once_ = false;
  onset_ += shift;
  chord_ = shift == 0 ? chord_ + 1 : 1;
  sounding_until_ = std::max(sounding_until_, onset_ + tokenizer_->note(event, onset_).duration_ms);
  return Advance::note;
}

}  // namespace longplay
