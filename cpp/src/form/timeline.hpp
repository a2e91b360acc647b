// Floor 5: where a piece stands in time, and what that asks of its next event.
#pragma once

#include <cstdint>
#include <span>

#include "events/tokenizer.hpp"
#include "form/cadence.hpp"

namespace longplay {

// What the form of the music asks. All in ms.
struct Form {
  static constexpr std::int64_t kEndless = std::int64_t{1} << 60;

  std::int64_t length_ms = 0;           // of the whole, kEndless at most
  std::int64_t start_ms = 0;            // onset of the last note before the first event drawn
  std::int64_t sounding_until_ms = 0;   // and when the notes before it are over
  bool starts_at_once = true;           // the first event sounds at start_ms, whatever its time shift
  bool recital = true;                  // pieces of a few minutes, one after the other
  bool steady = true;                   // keep to the model's bands, see steering.hpp
  std::int64_t clip_ms = 30'000;        // an onset soon after each multiple of this; 0 for none
  std::int64_t clip_grace_ms = 500;     // how soon
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

// Where a piece stands between two events.
struct TimelineState {
  std::uint64_t pieces = 0;  // begun so far
  std::int64_t piece_start = 0;
  std::int64_t piece_end = 0;  // planned
  std::int64_t onset = 0;      // of the last event, or where the next one will be if at_once
  std::int64_t sounding_until = 0;
  bool at_once = false;  // the next event sounds at `onset`, whatever its time shift
  int chord = 0;         // notes in a row without time between them
  Cadence cadence;       // of the piece

  // Hands every member to `archive`, to be written or to be read.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(pieces, piece_start, piece_end, onset, sounding_until, at_once, chord);
    cadence.archive(archive);
  }
};

enum class Advance { note, new_piece, finished };

// Every piece has a planned end: of a recital's it is drawn, between the shortest and the longest, of
// the last one it is the end of the whole. A piece ends with END, which has to come at the planned
// end, and may come before it once the piece is long enough and has come to a close, unless it is the last.
class Timeline {
 public:
  static constexpr std::int64_t kClosingMs = 8'000;  // before the planned end

  // The tokenizer outlives the timeline. The random numbers are those of random.hpp.
  Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed, std::uint32_t candidate);
  // The same music from `place` on. Throws std::invalid_argument for a place that the form does not have.
  Timeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed, std::uint32_t candidate,
           const TimelineState& state);

  // Sets to -infinity the bias of each time_shift that may not come next. One always may.
  void constrain(std::span<float> time_shift_bias) const;

  // Takes the next event, one that `constrain` allows. A note sounds at `onset_ms()`; after the end
  // of a piece the music goes on there.
  Advance advance(const NoteEvent& event);

  // Whether the note after this time shift starts later than the last one.
  bool moves_on(std::int32_t time_shift) const;

  // Onset of a note after this time shift.
  std::int64_t onset_after(std::int32_t time_shift) const {
    return state_.onset + (state_.at_once ? 0 : tokenizer_->time_shift_ms(time_shift));
  }

  // Takes a note that was not drawn, at an onset no earlier than the last one.
  void feed(const Note& note);

  // Plans the end of the piece under way anew, for a place that was planned for another length. If the
  // piece is not the last, it goes on for at least half a minute.
  void replan_end() { plan_end(kMoreMs); }

  const TimelineState& state() const { return state_; }
  std::int64_t onset_ms() const { return state_.onset; }
  // Time from the last onset to the planned end of the piece.
  std::int64_t remaining_ms() const;
  // Whether the piece is in its last seconds.
  bool is_closing() const { return remaining_ms() <= kClosingMs; }
  // Whether the piece, if it ends here, ends on a final close.
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
