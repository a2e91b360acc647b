#include "form/timeline.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "base/random.hpp"

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

void within(std::int64_t value, std::int64_t low, std::int64_t high, const char* name) {
  if (value < low || value > high) {
    throw std::invalid_argument(std::string(name) + " must be in [" + std::to_string(low) + ", " +
                                std::to_string(high) + "], not " + std::to_string(value));
  }
}

}  // namespace

void Form::validate() const {
  within(length_ms, 1, kEndless, "length_ms");
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
    : tokenizer_(&tokenizer), form_(form), random_seed_(random_seed), candidate_(candidate) {
  form.validate();
  place_.sounding_until = form.sounding_until_ms;
  place_.at_once = form.starts_at_once;
  begin_piece(form.start_ms);
}

Timeline::Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed,
                   std::uint32_t candidate, const Place& place)
    : tokenizer_(&tokenizer), form_(form), random_seed_(random_seed), candidate_(candidate), place_(place) {
  form.validate();
  within(place.piece_start, 0, place.onset, "piece_start");
  within(place.onset, 0, form.length_ms, "onset");
  within(place.piece_end, place.piece_start, form.length_ms, "piece_end");
  within(place.sounding_until, 0, place.onset + ScoreLimits::kMaxMilliseconds, "sounding_until");
  within(place.chord, 0, form.max_chord, "chord");
  if (!place.cadence.keeps_to(place.onset))
    throw std::invalid_argument("cadence must be of notes up to the onset");
}

void Timeline::begin_piece(std::int64_t at) {
  place_.onset = at;
  place_.piece_start = at;
  place_.chord = 0;
  place_.cadence = {};
  ++place_.pieces;
  plan_end(0);
}

void Timeline::plan_end(std::int64_t more_ms) {
  const std::int64_t shortest = std::max(form_.min_piece_ms, place_.onset - place_.piece_start + more_ms);
  const std::int64_t longest = std::max(form_.max_piece_ms, shortest);
  const std::int64_t left = form_.length_ms - place_.piece_start;
  const std::int64_t room = left - form_.pause_ms - form_.min_piece_ms;  // if another piece is to follow
  if (!form_.recital || left <= longest || room < shortest) {
    place_.piece_end = form_.length_ms;
  } else {
    const double u = uniform(random_seed_, candidate_, place_.pieces - 1, kPlanField);
    const auto range = static_cast<double>(longest - shortest);
    const std::int64_t planned = shortest + static_cast<std::int64_t>(u * range);
    place_.piece_end = place_.piece_start + std::min(planned, room);
  }
}

// The latest onset that keeps every clip's beginning from being silent. A grader cuts boundary k up to
// k ms late (docs/midi.md), so that an onset before that may still be in the clip before.
std::int64_t Timeline::clip_deadline() const {
  if (form_.clip_ms == 0) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t passed = place_.onset / form_.clip_ms;
  const bool begun = place_.onset >= passed * form_.clip_ms + std::min(passed, kLatestCutMs);
  return (begun ? passed + 1 : passed) * form_.clip_ms + form_.clip_grace_ms;
}

bool Timeline::may_end() const {
  if (place_.at_once) return false;
  if (place_.piece_end - std::max(place_.onset, place_.sounding_until) <= form_.max_tail_ms) {
    return is_closing() || is_closed();
  }
  return !is_last() && place_.onset - place_.piece_start >= form_.min_piece_ms && is_closed();
}

std::int64_t Timeline::remaining_ms() const {
  return std::max<std::int64_t>(place_.piece_end - place_.onset, 0);
}

void Timeline::constrain(std::span<float> bias) const {
  const auto end = static_cast<std::size_t>(tokenizer_->end_id());
  const bool ending = may_end();
  if (!ending) bias[end] = kForbidden;
  if (place_.at_once) return;  // any shift will do: it is not heard
  const std::int64_t room = place_.piece_end - form_.last_onset_ms - place_.onset;
  if (room < kNoRoomMs) {
    std::fill_n(bias.begin(), end, kForbidden);
    return;
  }
  const bool full = place_.chord >= form_.max_chord;
  if (full) bias[0] = kForbidden;
  std::int64_t longest = std::min({form_.max_gap_ms, clip_deadline() - place_.onset, room});
  // Once it may end on a final close, nothing comes but the rest of the chord.
  if (ending && is_closing() && is_closed()) longest = 0;
  for (std::size_t id = end - 1; id > 0; --id) {
    if (tokenizer_->time_shift_ms(static_cast<std::int32_t>(id)) <= longest) break;
    // The shortest shift stays open where the chord has to be moved on.
    if (id > 1 || !full) bias[id] = kForbidden;
  }
}

bool Timeline::moves_on(std::int32_t time_shift) const {
  return place_.at_once || tokenizer_->time_shift_ms(time_shift) > 0;
}

void Timeline::hear(const Note& note) {
  place_.chord = note.onset_ms > place_.onset ? 1 : std::min(place_.chord + 1, form_.max_chord);
  place_.onset = note.onset_ms;
  place_.at_once = false;
  sound(note);
}

Advance Timeline::advance(const NoteEvent& event) {
  if (event[0] == tokenizer_->end_id()) {
    if (is_last()) return Advance::finished;
    begin_piece(std::min(std::max(place_.onset, place_.sounding_until) + form_.pause_ms, clip_deadline()));
    place_.sounding_until = place_.onset;
    place_.at_once = true;
    return Advance::new_piece;
  }
  const std::int64_t shift = place_.at_once ? 0 : tokenizer_->time_shift_ms(event[0]);
  place_.at_once = false;
  place_.onset += shift;
  place_.chord = shift == 0 ? place_.chord + 1 : 1;
  sound(tokenizer_->note(event, place_.onset));
  return Advance::note;
}

void Timeline::sound(const Note& note) {
  place_.sounding_until = std::max(place_.sounding_until, note.onset_ms + note.duration_ms);
  place_.cadence.push(note);
}

}  // namespace longplay
