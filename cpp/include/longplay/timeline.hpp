// Floor 5: where a piece stands in time, and what that asks of its next event.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "longplay/model_config.hpp"
#include "longplay/tokenizer.hpp"

namespace longplay {

// What the form of the music asks. All in ms.
struct Form {
  std::int64_t length_ms = 0;         // of the whole
  std::int64_t start_ms = 0;          // onset of the last note before the first event drawn
  std::int64_t sounding_until_ms = 0; // and when the notes before it are over
  bool starts_at_once = true;         // the first event sounds at start_ms, whatever its time shift
  bool recital = true;                // go on with a new piece after one that has ended
  std::int64_t clip_ms = 30'000;      // an onset soon after each multiple of this; 0 for none
  std::int64_t clip_grace_ms = 500;   // how soon
  std::int64_t max_gap_ms = 3'000;    // longest time from one onset to the next within a piece
  std::int64_t pause_ms = 1'500;      // silence between two pieces
  std::int64_t min_piece_ms = 60'000; // no piece of a recital is shorter, nor is the last one
  std::int64_t max_tail_ms = 3'000;   // longest silence at the very end
  std::int64_t last_onset_ms = 500;   // no note starts less than this before the end
  int max_chord = 16;                 // most notes with no time between them

  // Throws std::invalid_argument naming the member, its value and its range.
  void validate() const;
};

enum class Advance { note, new_piece, finished };

class Timeline {
 public:
  // The tokenizer outlives the timeline.
  Timeline(const Tokenizer& tokenizer, const Form& form);

  // Sets to -infinity the bias of each time_shift that may not come next. One always may.
  void constrain(std::span<float> time_shift_bias) const;

  // Time from the last onset to the end when the end is near enough to be planned for: the last
  // piece has begun. Otherwise -1.
  std::int64_t remaining_ms() const;

  // Takes the next event; `note` says that it sounds, at `onset_ms()`.
  Advance advance(const NoteEvent& event);

  std::int64_t onset_ms() const { return onset_; }

 private:
  bool may_end() const;
  std::int64_t clip_deadline() const;

  const Tokenizer* tokenizer_;
  Form form_;
  std::int64_t onset_;           // of the last event, or where the next one will be if at_once_
  std::int64_t sounding_until_;
  std::int64_t piece_start_;
  bool at_once_;
  int chord_ = 0;                // notes in a row without time between them
};

}  // namespace longplay
