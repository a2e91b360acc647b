// Leads the music away from a few pitches that it strikes over and over.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "form/form_rules.hpp"

namespace longplay {

// Music is stuck if kStuckNotes or more notes start within kStuckMs on at most kStuckPitches pitches, or any
// number of notes on at most kSlowlyStuckPitches. Before it comes to that, those pitches are forbidden.
class StuckGuard {
 public:
  // Takes a note, which must not start earlier than the note before it.
  void push(std::uint8_t pitch, std::int64_t onset_ms);

  // Forbids each pitch with which the music would be stuck at `onset_ms`, unless no pitch would be left.
  // `pitches` are the values of the ids.
  void forbid(std::span<const std::int32_t> pitches, std::int64_t onset_ms, std::span<float> bias) const;

  // Whether the notes are possible in music that has reached `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(onset_ms_, last_ms_, first_ms_, notes_);
  }

 private:
  static constexpr std::size_t kNotes = FormRules::kStuckNotes - 1;

  // All hold 1 + an onset, or 0.
  std::array<std::int64_t, kNotes> onset_ms_{};  // of the last notes, the note i at i % kNotes
  std::array<std::int64_t, 128> last_ms_{};      // by pitch
  std::int64_t first_ms_ = 0;                    // of the first note
  std::uint64_t notes_ = 0;
};

}  // namespace longplay
