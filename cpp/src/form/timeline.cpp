#include "form/timeline.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "events/random.hpp"
#include "events/random_addresses.hpp"
#include "events/sampling.hpp"

namespace longplay {

void Form::validate() const {
  require_range("length_ms", length_ms, 1, kEndless);
  require_at_least("start_ms", start_ms, 0);
  require_at_least("clip_ms", clip_ms, 0);
  require_at_least("clip_grace_ms", clip_grace_ms, FormRules::kLatestCutMs + 1);
  require_at_least("max_gap_ms", max_gap_ms, 1);
  require_at_least("pause_ms", pause_ms, 0);
  require_at_least("min_piece_ms", min_piece_ms, 1);
  require_at_least("max_piece_ms", max_piece_ms,
                   2 * min_piece_ms + pause_ms);  // so that music too long for one piece fits into two
  require_at_least("last_onset_ms", last_onset_ms, 0);
  require_at_least(
      "max_tail_ms", max_tail_ms,
      last_onset_ms + FormRules::kMinRemainingMs);  // so that END is allowed where nothing else is
  require_at_least("max_chord", max_chord, 1);
  require_range("start_chord", start_chord, 0, max_chord);
}

void TimelineState::validate(const Form& form) const {
  form.validate();
  require_range("pieces", pieces, 1, form.recital ? std::numeric_limits<std::uint64_t>::max() : 1);
  require_range("onset", onset, 0, form.length_ms);
  require_range("piece_start", piece_start, 0, onset);
  if (!form.recital) {
    require_range("piece_end", piece_end, form.length_ms, form.length_ms);
  } else if (piece_end != form.length_ms) {  // another piece must fit after it
    const std::int64_t longest = std::max(form.max_piece_ms, onset - piece_start + FormRules::kReplannedMs);
    require_range("piece_end", piece_end, std::max(onset, piece_start + form.min_piece_ms),
                  std::min(form.length_ms - form.pause_ms - form.min_piece_ms, piece_start + longest));
  }
  require_range("chord", chord, 0, form.max_chord);
  if (!sounding.is_valid(onset + ScoreLimits::kMaxMilliseconds) ||
      (chord > 0 && sounding.until_ms() <= onset))
    throw std::invalid_argument("sounding must hold notes up to the onset");
  if (at_once && (chord > 0 || onset != piece_start || sounding.until_ms() > onset))
    throw std::invalid_argument("at_once must be false except at the beginning of a piece");
  if ((chord == 0 && !cadence.is_empty()) || !cadence.is_valid(piece_start, onset))
    throw std::invalid_argument("cadence must hold notes of the piece up to the onset");
}

Timeline::Timeline(const Form& form, std::uint64_t random_seed, std::uint32_t candidate)
    : form_(form), random_seed_(random_seed), candidate_(candidate) {
  form.validate();
  state_.at_once = form.starts_at_once;
  begin_piece(form.start_ms);
  state_.chord = form.start_chord;
  state_.sounding = form.sounding;
}

Timeline::Timeline(const Form& form, std::uint64_t random_seed, std::uint32_t candidate,
                   const TimelineState& state)
    : form_(form), random_seed_(random_seed), candidate_(candidate), state_(state) {
  form.validate();
}

void Timeline::begin_piece(std::int64_t at) {
  state_.onset = at;
  state_.piece_start = at;
  state_.chord = 0;
  state_.sounding = {};
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
  const bool begun = state_.onset >= passed * form_.clip_ms + std::min(passed, FormRules::kLatestCutMs);
  return (begun ? passed + 1 : passed) * form_.clip_ms + form_.clip_grace_ms;
}

// Whether the music must continue because a clip longer than the longest tail begins before its end.
bool Timeline::clip_is_due() const {
  return is_last() && clip_deadline() - form_.clip_grace_ms <= form_.length_ms - form_.max_tail_ms;
}

bool Timeline::may_end() const {
  if (state_.at_once || clip_is_due()) return false;
  if (has_short_tail()) return is_closing() || is_closed();
  return !is_last() && state_.onset - state_.piece_start >= form_.min_piece_ms && is_closed();
}

std::int64_t Timeline::remaining_ms() const {
  return std::max<std::int64_t>(state_.piece_end - state_.onset, 0);
}

std::int64_t Timeline::latest_ms() const {
  return std::min(state_.onset + form_.max_gap_ms, clip_deadline());
}

void Timeline::take(const Note& note) {
  const bool later = state_.at_once || note.onset_ms > state_.onset;
  state_.chord = later ? 1 : std::min(state_.chord + 1, form_.max_chord);
  state_.onset = note.onset_ms;
  state_.at_once = false;
  state_.sounding.strike(note);
  state_.cadence.push(note);
}

Advance Timeline::end() {
  if (is_last()) return Advance::finished;
  begin_piece(std::min(silent_from() + form_.pause_ms, clip_deadline()));
  state_.at_once = true;
  return Advance::new_piece;
}

}  // namespace longplay
