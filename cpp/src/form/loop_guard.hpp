// Prevents loops in the music and repeated pitches in a chord.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "events/sampling.hpp"
#include "form/form_rules.hpp"

namespace longplay {

// Watches a sequence of ids (a piece's pitches) and forbids the id that would complete a loop. A loop is a
// run of L ids, 16 <= L <= 256, three times in a row. A shorter figure is a loop too when its
// repeats fill such a run. Notes that start together count from the lowest to the highest, as in a file, in
// whichever order they are drawn. Takes constant time and memory.
class LoopGuard {
 public:
  // Ends the chord: ids that are pushed after this start later.
  void next_onset();

  // Forbids each id that the current chord contains or that would complete a loop, unless no id would be
  // left.
  void forbid(std::span<float> bias) const;

  void push(std::int32_t id);

  // Whether the members, read from an archive, are possible for ids in [0, ids).
  bool is_valid(std::int32_t ids) const;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(recent_, repeats_, count_, chord_, chord_size_);
  }

 private:
  static constexpr std::size_t kShortest = FormRules::kShortestLoop;
  static constexpr std::size_t kLongest = FormRules::kLongestLoop;
  static constexpr std::size_t kLargestChord = FormRules::kMaxChord;  // more notes count as several chords

  std::int32_t at(std::uint64_t ago) const { return recent_[(count_ - ago) % kLongest]; }
  std::uint64_t longest() const { return count_ < kLongest ? count_ : kLongest; }
  std::span<const std::int32_t> chord() const { return {chord_.data(), chord_size_}; }
  bool completes(std::size_t period, std::int32_t id) const;
  bool is_near() const;
  bool fits_ids(std::size_t period) const;
  void append(std::int32_t id);

  std::array<std::int32_t, kLongest> recent_{};
  std::array<std::uint32_t, kLongest + 1> repeats_{};  // how many ids in a row equal the one `period` ago
  std::uint64_t count_ = 0;                            // of ids before the chord
  std::array<std::int32_t, kLargestChord> chord_{};    // the notes that start together, ascending
  std::uint32_t chord_size_ = 0;
};

}  // namespace longplay
