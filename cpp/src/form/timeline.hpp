// The form of the music in time: pieces, clips and pauses, and which time shifts they allow.
#pragma once

#include <cstdint>
#include <span>

#include "events/tokenizer.hpp"
#include "form/cadence.hpp"

namespace longplay {

// The constraints on the form of the music. All times are in ms.
struct Form {
  static constexpr std::int64_t kEndless = std::int64_t{1} << 60;

  std::int64_t length_ms = 0;           // of all the music, at most kEndless
  std::int64_t start_ms = 0;            // onset of the last note before the first event drawn
  std::int64_t sounding_until_ms = 0;   // end of the notes before the first event drawn
  bool starts_at_once = true;           // the first event sounds at start_ms, whatever its time shift
  bool recital = true;                  // pieces of a few minutes, one after the other
  bool steady = true;                   // keep to the model's bands, see steering.hpp
  std::int64_t clip_ms = 30'000;        // an onset soon after each multiple of this; 0 for none
  std::int64_t clip_grace_ms = 500;     // longest delay of that onset
  std::int64_t max_gap_ms = 3'000;      // longest time from one onset to the next within a piece
  std::int64_t pause_ms = 1'500;        // silence between two pieces
  std::int64_t min_piece_ms = 120'000;  // shortest and longest piece of a recital
  std::int64_t max_piece_ms = 360'000;
  std::int64_t max_tail_ms = 3'000;  // longest silence at the planned end of a piece
  std::int64_t last_onset_ms = 500;  // no note starts less than this before the planned end
  int max_chord = 16;                // most notes with no time between them

  // Throws std::invalid_argument naming the member, its value and its range.
  void validate() const;
};

// The state of the form between two events.
struct TimelineState {
  std::uint64_t pieces = 0;  // number of pieces begun
  std::int64_t piece_start = 0;
  std::int64_t piece_end = 0;  // planned
  std::int64_t onset = 0;      // of the last event, or where the next one will be if at_once
  std::int64_t sounding_until = 0;
  bool at_once = false;  // the next event sounds at `onset`, whatever its time shift
  int chord = 0;         // notes in a row without time between them
  Cadence cadence;       // of the piece

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(pieces, piece_start, piece_end, onset, sounding_until, at_once, chord);
    cadence.archive(archive);
  }
};

enum class Advance { note, new_piece, finished };

// Every piece has a planned end. In a recital the planned end is drawn between the shortest and the longest
// length; for the last piece it is the end of all the music. A piece ends with END, at the planned end at the
// latest. A piece other than the last may end earlier, once it is long enough and has come to a close.
class Timeline {
 public:
  static constexpr std::int64_t kClosingMs = 8'000;  // before the planned end

  // The tokenizer must outlive the timeline. The random numbers are those of random.hpp.
  Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed, std::uint32_t candidate);
  // Resumes from `state`. Throws std::invalid_argument for a state that is impossible in the form.
  Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed, std::uint32_t candidate,
           const TimelineState& state);

  // Sets to -infinity the bias of each time shift that is not allowed next. At least one remains allowed.
  void constrain(std::span<float> time_shift_bias) const;

  // Takes the next event, which `constrain` must allow. After a note, `onset_ms()` is its onset; after the
  // end of a piece, `onset_ms()` is where the next piece starts.
  Advance advance(const NoteEvent& event);

  // Whether the note after this time shift starts later than the last one.
  bool moves_on(std::int32_t time_shift) const;

  // Onset of a note after this time shift.
  std::int64_t onset_after(std::int32_t time_shift) const {
    return state_.onset + (state_.at_once ? 0 : tokenizer_->time_shift_ms(time_shift));
  }

  // Takes a note that was not drawn. Its onset must not be earlier than the last one.
  void feed(const Note& note);

  // Plans the end of the current piece again, for a state that was planned for another length. If the
  // piece is not the last, it continues for at least half a minute.
  void replan_end() { plan_end(kMoreMs); }

  const TimelineState& state() const { return state_; }
  std::int64_t onset_ms() const { return state_.onset; }
  // Time from the last onset to the planned end of the piece.
  std::int64_t remaining_ms() const;
  // Whether the planned end is at most kClosingMs away.
  bool is_closing() const { return remaining_ms() <= kClosingMs; }
  // Whether the piece would end on a final close if it ended now.
  bool is_closed() const { return state_.cadence.is_final(state_.piece_end); }

 private:
  static constexpr std::int64_t kMoreMs = 30'000;

  void begin_piece(std::int64_t at);
  void sound(const Note& note);
  void plan_end(std::int64_t more_ms);
  bool is_last() const { return state_.piece_end == form_.length_ms; }
  bool may_end() const;
  std::int64_t clip_deadline() const;

  const Tokenizer* tokenizer_;
  Form form_;
  std::uint64_t random_seed_;
  std::uint32_t candidate_;
  TimelineState state_;
};

}  // namespace longplay
