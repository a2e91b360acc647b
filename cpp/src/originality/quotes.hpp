// Passages that a piece shares with a training set, note by note, in any key and at any tempo
// (docs/originality.md). Functions that take long throw Cancelled if a stop is requested.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/stop.hpp"
#include "originality/sightings.hpp"
#include "originality/symbol.hpp"

namespace longplay {

// first_notes: where in `pitches` each work begins, ascending, from 0. Throws std::invalid_argument for a
// pitch above 127 or a work out of order.
std::vector<Symbol> interval_symbols(std::span<const std::uint8_t> pitches,
                                     std::span<const std::uint32_t> first_notes);

// Returns the positions of all symbols, sorted by the phrase that starts there, up to kDeepest symbols.
std::vector<std::uint32_t> sort_phrases(std::span<const Symbol> symbols, const Stop& stop);

// Finds phrases of any length in a training set's symbols. Both spans must outlive the index.
class PhraseIndex {
 public:
  static constexpr std::size_t kDeepest = 4096;
  static constexpr std::size_t kQuotedNotes = 12;  // shorter shared runs are common musical language

  // The phrases [begin, end) of `sorted`.
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t size() const { return end - begin; }
  };
  struct Match {
    std::uint32_t position = 0;  // in `symbols`
    std::uint32_t length = 0;
  };

  // sorted: the result of sort_phrases(symbols). Throws Error unless it holds a valid position for each
  // symbol. If the order is wrong, the index misses phrases.
  PhraseIndex(std::span<const Symbol> symbols, std::span<const std::uint32_t> sorted);

  std::span<const Symbol> symbols() const { return symbols_; }
  std::uint32_t position(std::uint32_t rank) const { return sorted_[rank]; }

  Range all() const { return {0, static_cast<std::uint32_t>(sorted_.size())}; }
  // Returns the phrases of `range`, which share their first `depth` symbols, whose next symbol is `next`. One
  // bisection decides whether one more note would complete a quotation.
  Range narrow(Range range, std::size_t depth, Symbol next) const;
  Range find(std::span<const Symbol> phrase) const;
  // Counts the phrases of `range`; copies of one passage count once. The first call takes a second for
  // 10 million notes.
  std::uint32_t sightings(Range range, const Stop& stop) const;
  // Returns the longest prefix of `phrase` that occurs.
  Match longest(std::span<const Symbol> phrase) const;

 private:
  std::span<const Symbol> symbols_;
  std::span<const std::uint32_t> sorted_;
  mutable std::once_flag counted_;
  mutable std::unique_ptr<const Sightings> sightings_;
};

// Returns, for each note of a work, the longest run from that note on that occurs in the index.
struct Run {
  std::uint32_t notes = 1;     // 1: not even one interval
  std::uint32_t position = 0;  // of its first note in the index
};
std::vector<Run> longest_runs(const PhraseIndex& index, std::span<const Symbol> work, const Stop& stop);

// A passage of a work that matches one of the index except for a few notes.
struct Quote {
  std::uint32_t begin = 0;     // the first note in the work
  std::uint32_t end = 0;       // behind the last one
  std::uint32_t position = 0;  // of `begin` in the index
  std::uint32_t same = 0;      // notes in runs that agree
  double bits = 0.0;           // their information content, by the statistics of the index
};

struct QuoteOptions {
  double least_bits;  // fewest bits of a quotation
  // Skips positions in [excluded_begin, excluded_end).
  std::uint32_t excluded_begin;
  std::uint32_t excluded_end;
};

// Returns quotations by `bits`, highest first. A match starts with kMatchIntervals intervals that agree, and
// ends before more than kMatchGap notes without an agreement. Ignores starts that occur more than
// kMaxOccurrences times. If two quotations share more than half of the notes of the shorter one, returns only
// the better one.
inline constexpr std::uint32_t kMatchIntervals = 8;
inline constexpr std::uint32_t kMatchGap = 24;
inline constexpr std::uint32_t kMaxOccurrences = 64;
std::vector<Quote> find_quotes(const PhraseIndex& index, std::span<const Symbol> work,
                               const QuoteOptions& options, const Stop& stop);

}  // namespace longplay
