// Prevents quotations of a training set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "originality/quotes.hpp"

namespace longplay {

// Tracks the notes of a piece in file order, by onset, then pitch. Detects a note that would complete a run
// of PhraseIndex::kQuotedNotes notes of a training set, in any key. Takes constant memory.
class QuoteGuard {
 public:
  // The index must outlive the guard. Without an index, nothing is a quotation.
  QuoteGuard() = default;
  explicit QuoteGuard(const PhraseIndex* index) : index_(index) {}

  bool watches() const { return index_ != nullptr; }
  // Replaces the index.
  void watch(const PhraseIndex* index) { index_ = index; }

  // Whether a note would complete a run, which may include higher notes of the same onset. The onset must not
  // be earlier than that of the last note.
  bool would_quote(std::uint8_t pitch, std::int64_t onset_ms) const;
  // Takes a note. Without an index, does nothing.
  void push(std::uint8_t pitch, std::int64_t onset_ms);

  // Counts a rejected note.
  void refuse() { ++refusals_; }
  std::uint64_t refusals() const { return refusals_; }

  // Whether the members, read from an archive, are possible in music that has reached `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  // Passes every member but the index to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(notes_, chord_, onset_ms_, refusals_);
  }

 private:
  // Returns the index in `notes_` at which to insert the note.
  std::size_t insertion_index(std::uint8_t pitch, std::int64_t onset_ms) const;

  const PhraseIndex* index_ = nullptr;
  std::vector<std::uint8_t> notes_;  // pitches: those that a run can begin with, then those of the last onset
  std::uint32_t chord_ = 0;          // number of notes of the last onset
  std::int64_t onset_ms_ = 0;
  std::uint64_t refusals_ = 0;
};

}  // namespace longplay
