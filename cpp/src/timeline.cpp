#include "longplay/timeline.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "longplay/random.hpp"

namespace longplay {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();
constexpr std::uint32_t kPlanField = 1U << 16;  // random numbers that no field of an event draws with
constexpr std::int64_t kLatestCutMs = 119;      // of the last of 120 clips
constexpr std::int64_t kNoRoomMs = 250;         // with less than this left, a piece ends

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
  at_least(clip_grace_ms, kLatestCutMs + 1, "clip_grace_ms");
  at_least(max_gap_ms, 1, "max_gap_ms");
  at_least(pause_ms, 0, "pause_ms");
  at_least(min_piece_ms, 1, "min_piece_ms");
  at_least(max_piece_ms, 2 * min_piece_ms + pause_ms, "max_piece_ms");  // so that two fit when one does not
  at_least(last_onset_ms, 0, "last_onset_ms");
  at_least(max_tail_ms, last_onset_ms + kNoRoomMs, "max_tail_ms");  // where a piece must end, it may
  at_least(max_chord, 1, "max_chord");
}

Timeline::Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed,
                   std::uint32_t candidate)
    : tokenizer_(&tokenizer),
      form_(form),
      random_seed_(random_seed),
      candidate_(candidate),
      sounding_until_(form.sounding_until_ms),
      at_once_(form.starts_at_once) {
  form.validate();
  begin_piece(form.start_ms);
}

void Timeline::begin_piece(std::int64_t at) {
  onset_ = at;
  piece_start_ = at;
  chord_ = 0;
  const std::int64_t left = form_.length_ms - at;
  if (!form_.recital || left <= form_.max_piece_ms) {
    piece_end_ = form_.length_ms;
  } else {
    const double u = uniform(random_seed_, candidate_, pieces_, kPlanField);
    const auto range = static_cast<double>(form_.max_piece_ms - form_.min_piece_ms);
    const std::int64_t planned = form_.min_piece_ms + static_cast<std::int64_t>(u * range);
    piece_end_ = at + std::min(planned, left - form_.pause_ms - form_.min_piece_ms);
  }
  ++pieces_;
}

// The latest onset that keeps every clip's beginning from being silent. A grader cuts boundary k up to
// k ms late (docs/midi.md), so that an onset before that may still be in the clip before.
std::int64_t Timeline::clip_deadline() const {
  if (form_.clip_ms == 0) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t passed = onset_ / form_.clip_ms;
  const bool begun = onset_ >= passed * form_.clip_ms + std::min(passed, kLatestCutMs);
  return (begun ? passed + 1 : passed) * form_.clip_ms + form_.clip_grace_ms;
}

bool Timeline::may_end() const {
  if (at_once_) return false;
  if (piece_end_ - std::max(onset_, sounding_until_) <= form_.max_tail_ms) return true;
  return !is_last() && onset_ - piece_start_ >= form_.min_piece_ms;
}

std::int64_t Timeline::remaining_ms() const { return std::max<std::int64_t>(piece_end_ - onset_, 0); }

void Timeline::constrain(std::span<float> bias) const {
  const auto end = static_cast<std::size_t>(tokenizer_->end_id());
  if (!may_end()) bias[end] = kForbidden;
  if (at_once_) return;  // any shift will do: it is not heard
  const std::int64_t room = piece_end_ - form_.last_onset_ms - onset_;
  if (room < kNoRoomMs) {
    std::fill_n(bias.begin(), end, kForbidden);
    return;
  }
  const bool full = chord_ >= form_.max_chord;
  if (full) bias[0] = kForbidden;
  const std::int64_t longest = std::min({form_.max_gap_ms, clip_deadline() - onset_, room});
  for (std::size_t id = end - 1; id > 0; --id) {
    if (tokenizer_->time_shift_ms(static_cast<std::int32_t>(id)) <= longest) break;
    // The shortest shift stays open where the chord has to be moved on.
    if (id > 1 || !full) bias[id] = kForbidden;
  }
}

std::size_t Timeline::notes_at(std::int32_t time_shift) const {
  const bool moves = time_shift == tokenizer_->end_id() || tokenizer_->time_shift_ms(time_shift) > 0;
  return moves ? 0 : static_cast<std::size_t>(chord_);
}

Advance Timeline::advance(const NoteEvent& event) {
  if (event[0] == tokenizer_->end_id()) {
    if (is_last()) return Advance::finished;
    begin_piece(std::min(std::max(onset_, sounding_until_) + form_.pause_ms, clip_deadline()));
    sounding_until_ = onset_;
    at_once_ = true;
    return Advance::new_piece;
  }
  const std::int64_t shift = at_once_ ? 0 : tokenizer_->time_shift_ms(event[0]);
  at_once_ = false;
  onset_ += shift;
  chord_ = shift == 0 ? chord_ + 1 : 1;
  sounding_until_ = std::max(sounding_until_, onset_ + tokenizer_->note(event, onset_).duration_ms);
  return Advance::note;
}

}  // namespace longplay
