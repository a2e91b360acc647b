// Floor 5: no music quotes a training set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "originality/quotes.hpp"

namespace longplay {

// Watches the notes of a piece in the order of its file, by onset, then pitch, and knows the one that would
// complete a run of PhraseIndex::kQuotedNotes notes of a training set, in any key. Constant memory.
class QuoteGuard {
 public:
  // The index outlives the guard; with nullptr nothing is a quotation.
  QuoteGuard() = default;
  explicit QuoteGuard(const PhraseIndex* index) : index_(index) {}

  bool watches() const { return index_ != nullptr; }
  // Goes on with another index.
  void watch(const PhraseIndex* index) { index_ = index; }

  // Whether a note would complete a run, also one that goes on with notes above it. Its onset is that of the
  // last note or a later one.
  bool would_quote(std::uint8_t pitch, std::int64_t onset_ms) const;
  // Takes a note; without an index there is nothing to remember.
  void push(std::uint8_t pitch, std::int64_t onset_ms);

  // Counts a note that was not taken.
  void refuse() { ++refusals_; }
  std::uint64_t refusals() const { return refusals_; }

  // Whether what was read from an archive can have been pushed.
  bool is_valid() const;

  // Hands every member but the index to `archive`, to be written or to be read.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(notes_, chord_, onset_ms_, refusals_);
  }

 private:
  // Where the note goes among `notes_`.
  std::size_t place(std::uint8_t pitch, std::int64_t onset_ms) const;

  const PhraseIndex* index_ = nullptr;
  std::vector<std::uint8_t>
      notes_;                // pitches of as many as a run can begin with, then those of the last onset
  std::uint32_t chord_ = 0;  // how many have that onset
  std::int64_t onset_ms_ = 0;
  std::uint64_t refusals_ = 0;
};

}  // namespace longplay
