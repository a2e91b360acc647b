#include "form/timeline.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "events/random.hpp"
#include "events/random_addresses.hpp"
#include "events/sampling.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kLatestCutMs = 119;     // of the last of 120 clips, see clip_deadline
constexpr std::int64_t kMinRemainingMs = 250;  // a piece with less time left must end

}  // namespace

void Form::validate() const {
  require_range("length_ms", length_ms, 1, kEndless);
  require_at_least("start_ms", start_ms, 0);
  require_at_least("sounding_until_ms", sounding_until_ms, 0);
  require_at_least("clip_ms", clip_ms, 0);
  require_at_least("clip_grace_ms", clip_grace_ms, kLatestCutMs + 1);
  require_at_least("max_gap_ms", max_gap_ms, 1);
  require_at_least("pause_ms", pause_ms, 0);
  require_at_least("min_piece_ms", min_piece_ms, 1);
  require_at_least("max_piece_ms", max_piece_ms,
                   2 * min_piece_ms + pause_ms);  // so that music too long for one piece fits into two
  require_at_least("last_onset_ms", last_onset_ms, 0);
  require_at_least("max_tail_ms", max_tail_ms,
                   last_onset_ms + kMinRemainingMs);  // so that END is allowed where nothing else is
  require_at_least("max_chord", max_chord, 1);
}

Timeline::Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed,
                   std::uint32_t candidate)
    : tokenizer_(&tokenizer), form_(form), random_seed_(random_seed), candidate_(candidate) {
  form.validate();
  state_.sounding_until = form.sounding_until_ms;
  state_.at_once = form.starts_at_once;
  begin_piece(form.start_ms);
}

Timeline::Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed,
                   std::uint32_t candidate, const TimelineState& state)
    : tokenizer_(&tokenizer), form_(form), random_seed_(random_seed), candidate_(candidate), state_(state) {
  form.validate();
  require_range("piece_start", state.piece_start, 0, state.onset);
  require_range("onset", state.onset, 0, form.length_ms);
  require_range("piece_end", state.piece_end, state.piece_start, form.length_ms);
  require_range("sounding_until", state.sounding_until, 0, state.onset + ScoreLimits::kMaxMilliseconds);
  require_range("chord", state.chord, 0, form.max_chord);
  if (!state.cadence.is_valid(state.onset))
    throw std::invalid_argument("cadence must be of notes up to the onset");
}

void Timeline::begin_piece(std::int64_t at) {
  state_.onset = at;
  state_.piece_start = at;
  state_.chord = 0;
  state_.cadence = {};
  ++state_.pieces;
  plan_end(0);
}

void Timeline::plan_end(std::int64_t more_ms) {
  const std::int64_t shortest = std::max(form_.min_piece_ms, state_.onset - state_.piece_start + more_ms);
  const std::int64_t longest = std::max(form_.max_piece_ms, shortest);
  const std::int64_t left = form_.length_ms - state_.piece_start;
  const std::int64_t room = left - form_.pause_ms - form_.min_piece_ms;  // so that another piece can follow
  if (!form_.recital || left <= longest || room < shortest) {
    state_.piece_end = form_.length_ms;
  } else {
    const double u = uniform(random_seed_, candidate_, state_.pieces - 1, random_address::kPieceEnd);
    const auto range = static_cast<double>(longest - shortest);
    const std::int64_t planned = shortest + static_cast<std::int64_t>(u * range);
    state_.piece_end = state_.piece_start + std::min(planned, room);
  }
}

// Returns the latest next onset with which no clip begins in silence. A grader may cut boundary k up to
// k ms late (docs/midi.md), so an onset before that may belong to the previous clip.
std::int64_t Timeline::clip_deadline() const {
  if (form_.clip_ms == 0) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t passed = state_.onset / form_.clip_ms;
  const bool begun = state_.onset >= passed * form_.clip_ms + std::min(passed, kLatestCutMs);
  return (begun ? passed + 1 : passed) * form_.clip_ms + form_.clip_grace_ms;
}

bool Timeline::may_end() const {
  if (state_.at_once) return false;
  if (state_.piece_end - std::max(state_.onset, state_.sounding_until) <= form_.max_tail_ms) {
    return is_closing() || is_closed();
  }
  return !is_last() && state_.onset - state_.piece_start >= form_.min_piece_ms && is_closed();
}

std::int64_t Timeline::remaining_ms() const {
  return std::max<std::int64_t>(state_.piece_end - state_.onset, 0);
}

void Timeline::constrain(std::span<float> bias) const {
  const auto end = static_cast<std::size_t>(tokenizer_->end_id());
  const bool ending = may_end();
  if (!ending) bias[end] = kForbidden;
  if (state_.at_once) return;  // every shift is allowed, since it has no effect
  const std::int64_t room = state_.piece_end - form_.last_onset_ms - state_.onset;
  if (room < kMinRemainingMs) {
    std::fill_n(bias.begin(), end, kForbidden);
    return;
  }
  const bool full = state_.chord >= form_.max_chord;
  if (full) bias[0] = kForbidden;
  std::int64_t longest = std::min({form_.max_gap_ms, clip_deadline() - state_.onset, room});
  // Once the piece may end on a final close, only notes of the same chord are allowed.
  if (ending && is_closing() && is_closed()) longest = 0;
  for (std::size_t id = end - 1; id > 0; --id) {
    if (tokenizer_->time_shift_ms(static_cast<std::int32_t>(id)) <= longest) break;
    // If the chord is full, the shortest shift stays allowed.
    if (id > 1 || !full) bias[id] = kForbidden;
  }
}

bool Timeline::moves_on(std::int32_t time_shift) const {
  return state_.at_once || tokenizer_->time_shift_ms(time_shift) > 0;
}

void Timeline::feed(const Note& note) {
  state_.chord = note.onset_ms > state_.onset ? 1 : std::min(state_.chord + 1, form_.max_chord);
  state_.onset = note.onset_ms;
  state_.at_once = false;
  sound(note);
}

Advance Timeline::advance(const NoteEvent& event) {
  if (event[kTimeShift] == tokenizer_->end_id()) {
    if (is_last()) return Advance::finished;
    begin_piece(std::min(std::max(state_.onset, state_.sounding_until) + form_.pause_ms, clip_deadline()));
    state_.sounding_until = state_.onset;
    state_.at_once = true;
    return Advance::new_piece;
  }
  const std::int64_t onset = onset_after(event[kTimeShift]);
  state_.at_once = false;
  state_.chord = onset == state_.onset ? state_.chord + 1 : 1;
  state_.onset = onset;
  sound(tokenizer_->note(event, state_.onset));
  return Advance::note;
}

void Timeline::sound(const Note& note) {
  state_.sounding_until = std::max(state_.sounding_until, note.onset_ms + note.duration_ms);
  state_.cadence.push(note);
}

}  // namespace longplay
