// Floor 5: whether a piece has come to a close.
#pragma once

#include <array>
#include <cstdint>

#include "events/tokenizer.hpp"

namespace longplay {

// Remembers the last notes of a piece, and how long all of them are, to 8 %. Its close is what starts within
// 60 ms at the end. A close is final when it lasts as long as three quarters of the notes before it or
// longer, and its lowest note is the tonic, or all of it belongs to the tonic's major or minor triad, in the
// key of the last 30 s. Constant time and memory.
//
// The key is that whose profile correlates best with how long each pitch class sounds (Krumhansl,
// "Cognitive Foundations of Musical Pitch", 1990; profiles of Albrecht and Shanahan, Music Perception 31,
// 2013).
class Cadence {
 public:
  static constexpr std::size_t kNotes = 512;  // remembered

  void push(const Note& note);

  // Whether a piece whose notes are cut at `end_ms` ends on a final close.
  bool is_final(std::int64_t end_ms) const;

  // Whether the notes' times can be those of a piece that has come to `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  // Hands every member to `archive`, to be written or to be read.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(onset_ms_, duration_ms_, pitch_, count_, lasting_);
  }

 private:
  std::size_t remembered() const { return count_ < kNotes ? static_cast<std::size_t>(count_) : kNotes; }
  std::size_t index(std::size_t ago) const { return static_cast<std::size_t>((count_ - 1 - ago) % kNotes); }
  std::size_t notes_of_close() const;
  int tonic() const;

  std::array<std::int64_t, kNotes> onset_ms_{};
  std::array<std::int32_t, kNotes> duration_ms_{};
  std::array<std::uint8_t, kNotes> pitch_{};
  std::uint64_t count_ = 0;
  std::array<std::uint32_t, 256> lasting_{};  // notes by the logarithm of their length
};

}  // namespace longplay
