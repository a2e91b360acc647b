// The form of the music in time: pieces, clips and pauses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "form/cadence.hpp"
#include "form/form_rules.hpp"
#include "form/sounding.hpp"

namespace longplay {

// The constraints on the form of the music. All times are in ms. The settings of a piece have no default; the
// rules are those of FormRules unless a test shortens them.
struct Form {
  static constexpr std::int64_t kEndless = std::int64_t{1} << 60;

  std::int64_t length_ms;                     // of all the music, at most kEndless
  bool recital;                               // pieces of a few minutes, one after the other
  bool steady;                                // keep density, leave what is stuck, see steering.hpp
  bool two_hands;                             // strike only notes that two hands reach, see hands.hpp
  bool playable;                              // only what a pianist can play live, see pianist.hpp
  std::int64_t start_ms = 0;                  // onset of the last note before the first event drawn
  int start_chord = 0;                        // notes at that onset, at most max_chord
  Sounding sounding{};                        // notes before the first event drawn
  bool starts_at_once = true;                 // the first event sounds at start_ms, whatever its time shift
  std::int64_t clip_ms = FormRules::kClipMs;  // an onset soon after each multiple of this; 0 for none
  std::int64_t clip_grace_ms = FormRules::kClipGraceMs;  // longest delay of that onset
  std::int64_t max_gap_ms = FormRules::kMaxGapMs;
  std::int64_t pause_ms = FormRules::kPauseMs;
  std::int64_t min_piece_ms = FormRules::kMinPieceMs;
  std::int64_t max_piece_ms = FormRules::kMaxPieceMs;
  std::int64_t max_tail_ms = FormRules::kMaxTailMs;
  std::int64_t last_onset_ms = FormRules::kLastOnsetMs;
  int max_chord = FormRules::kMaxChord;

  // Throws std::invalid_argument naming the member, its value and its range.
  void validate() const;
};

// The state of the form between two events.
struct TimelineState {
  std::uint64_t pieces = 0;  // number of pieces begun
  std::int64_t piece_start = 0;
  std::int64_t piece_end = 0;  // planned
  std::int64_t onset = 0;      // of the last event, or where the next one will be if at_once
  Sounding sounding{};         // notes of the piece, or before the first one
  bool at_once = false;        // the next event sounds at `onset`, whatever its time shift
  int chord = 0;               // notes in a row without time between them
  Cadence cadence;             // of the piece

  // Throws std::invalid_argument naming a member that is impossible in the form.
  void validate(const Form& form) const;

  bool operator==(const TimelineState&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(pieces, piece_start, piece_end, onset, at_once, chord);
    sounding.archive(archive);
    cadence.archive(archive);
  }
};

enum class Advance { note, new_piece, finished };

// Every piece has a planned end. In a recital the planned end is drawn between the shortest and the longest
// length; for the last piece it is the end of all the music. A piece ends with END, at the planned end at the
// latest. A piece other than the last may end earlier, once it is long enough and has come to a close.
class Timeline {
 public:
  // The random numbers are those of random.hpp.
  Timeline(const Form& form, std::uint64_t random_seed, std::uint32_t candidate);
  // Resumes from a valid state.
  Timeline(const Form& form, std::uint64_t random_seed, std::uint32_t candidate, const TimelineState& state);

  // Takes a note. Its onset must not be earlier than the last one.
  void take(const Note& note);
  // The key of a pitch is released.
  void release(std::uint8_t pitch, std::int64_t at_ms) { state_.sounding.release(pitch, at_ms); }
  // Ends the piece: `new_piece` or `finished`. After the end, `onset_ms()` is where the next piece starts.
  Advance end();

  // Plans the end of the current piece again, for a state that was planned for another length. If the
  // piece is not the last, it continues for at least half a minute.
  void replan_end() { plan_end(FormRules::kReplannedMs); }

  const TimelineState& state() const { return state_; }
  std::int64_t onset_ms() const { return state_.onset; }
  // Time from the last onset to the planned end of the piece.
  std::int64_t remaining_ms() const;
  // Whether the planned end is at most FormRules::kClosingMs away.
  bool is_closing() const { return remaining_ms() <= FormRules::kClosingMs; }
  // Whether the piece would end on a final close if it ended now.
  bool is_closed() const { return state_.cadence.is_final(state_.piece_end); }

  // Whether no piece follows.
  bool is_last() const { return state_.piece_end == form_.length_ms; }
  bool may_end() const;
  // Whether another note at the last onset would make the chord too large.
  bool is_full() const { return state_.chord >= form_.max_chord; }
  // The latest onset in the piece.
  std::int64_t last_onset_ms() const { return state_.piece_end - form_.last_onset_ms; }
  // The latest next onset without a gap that is too long.
  std::int64_t latest_ms() const;
  // Whether the silence until the planned end would not be too long if no note followed.
  bool has_short_tail() const { return state_.piece_end - silent_from() <= form_.max_tail_ms; }

 private:
  void begin_piece(std::int64_t at);
  void plan_end(std::int64_t more_ms);
  bool clip_is_due() const;
  std::int64_t clip_deadline() const;
  std::int64_t silent_from() const { return std::max(state_.onset, state_.sounding.until_ms()); }

  Form form_;
  std::uint64_t random_seed_;
  std::uint32_t candidate_;
  TimelineState state_;
};

}  // namespace longplay
