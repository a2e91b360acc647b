// Keeps the music within what a pianist can play live.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "events/tokenizer.hpp"
#include "form/form_rules.hpp"

namespace longplay {

// Assigns each note to one of two hands as it is struck. A hand
// - strikes at most kFingers notes within kTogetherMs;
// - reaches kReach semitones, and a semitone more for each kMsPerSemitone that pass after kTogetherMs;
// - stays on its side of what the other hand struck within kCrossingMs.
// A key is struck again after kRepeatMs at the earliest. Every limit relaxes with time.
class Pianist {
 public:
  // Takes a note, which must not start earlier than the note before it.
  void push(std::uint8_t pitch, std::int64_t onset_ms);

  // Forbids each time shift to an onset at which no pitch can be struck, unless no time shift would be left.
  // `last_ms` is the onset from which shifts count.
  void forbid_onsets(const Tokenizer& tokenizer, std::span<const std::int32_t> pitches, std::int64_t last_ms,
                     std::span<float> bias) const;

  // Whether one of the pitches can be struck at this onset.
  bool reaches_any(std::span<const std::int32_t> pitches, std::int64_t onset_ms) const;

  // Forbids each pitch that cannot be struck at this onset, unless no pitch would be left.
  void forbid_pitches(std::span<const std::int32_t> pitches, std::int64_t onset_ms,
                      std::span<float> bias) const;

  // Whether the notes are possible in music that has reached `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(struck_ms_, near_);
  }

 private:
  static constexpr std::size_t kKeys = 128;
  static constexpr int kHome[2] = {48, 72};  // where the hands begin

  struct Range {  // of the keys in the reach of a hand; empty if low is above high
    int low;
    int high;

    bool has(int key) const { return low <= key && key <= high; }
  };

  std::array<Range, 2> ranges_at(std::int64_t onset_ms) const;
  bool can_strike(std::int32_t key, std::int64_t onset_ms, const std::array<Range, 2>& ranges) const;

  std::array<std::array<std::int64_t, kKeys>, 2> struck_ms_{};  // by hand and key: 1 + the last onset, or 0
  std::array<std::uint8_t, 2> near_{kHome[0], kHome[1]};        // the key that each hand struck last
};

}  // namespace longplay
