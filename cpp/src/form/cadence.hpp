// Decides whether a piece has come to a close.
#pragma once

#include <array>
#include <cstdint>

#include "events/tokenizer.hpp"
#include "form/form_rules.hpp"

namespace longplay {

// Stores the last notes of a piece, and the lengths of all its notes to 8 %. The close of a piece is the
// notes that start within 60 ms at its end. A close is final if it satisfies two conditions. It lasts at
// least as long as three quarters of the notes before it. Its lowest note is the tonic, or all its notes
// belong to the tonic's major or minor triad. The key is that of the last 30 s. Takes constant time and
// memory.
//
// The key is the one whose profile correlates best with the sounding time of each pitch class (Krumhansl,
// "Cognitive Foundations of Musical Pitch", 1990; profiles of Albrecht and Shanahan, Music Perception 31,
// 2013).
class Cadence {
 public:
  void push(const Note& note);

  // Whether a piece whose notes are cut at `end_ms` ends on a final close.
  bool is_final(std::int64_t end_ms) const;

  bool is_empty() const { return count_ == 0; }
  // Whether the members, read from an archive, are possible in a piece from `from_ms` to its last note at
  // `to_ms`.
  bool is_valid(std::int64_t from_ms, std::int64_t to_ms) const;

  bool operator==(const Cadence&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(onset_ms_, duration_ms_, pitch_, count_, lasting_);
  }

 private:
  static constexpr std::size_t kNotes = FormRules::kCadenceNotes;
  static constexpr std::size_t kLengths = 256;

  std::size_t remembered() const { return count_ < kNotes ? static_cast<std::size_t>(count_) : kNotes; }
  std::size_t index(std::size_t ago) const { return static_cast<std::size_t>((count_ - 1 - ago) % kNotes); }
  std::size_t notes_of_close() const;
  int tonic() const;

  std::array<std::int64_t, kNotes> onset_ms_{};
  std::array<std::int32_t, kNotes> duration_ms_{};
  std::array<std::uint8_t, kNotes> pitch_{};
  std::uint64_t count_ = 0;
  std::array<std::uint32_t, kLengths> lasting_{};  // notes by the logarithm of their length
};

}  // namespace longplay
