// Floor 3: what a piece has in common with a training set, note by note, in any key and at any tempo
// (docs/originality.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "originality/sightings.hpp"
#include "originality/symbol.hpp"

namespace longplay {

// first_notes: where in `pitches` each work begins, ascending, from 0. Throws std::invalid_argument for a
// pitch above 127 or a work out of order.
std::vector<Symbol> interval_symbols(std::span<const std::uint8_t> pitches,
                                     std::span<const std::uint32_t> first_notes);

// The places of all symbols, ordered by what follows from there on, up to kDeepest symbols.
std::vector<std::uint32_t> sort_phrases(std::span<const Symbol> symbols);

// Finds phrases of any length in a training set's symbols. Looks at memory that must outlive it.
class PhraseIndex {
 public:
  static constexpr std::size_t kDeepest = 4096;
  static constexpr std::size_t kQuotedNotes = 12;  // shorter runs in common are the language of music

  // Phrases in [begin, end) of `sorted`.
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t size() const { return end - begin; }
  };
  struct Match {
    std::uint32_t place = 0;  // in `symbols`
    std::uint32_t length = 0;
  };

  // sorted: what sort_phrases made of `symbols`. Throws Error unless it holds a place for each symbol; in
  // another order nothing breaks, but phrases are missed.
  PhraseIndex(std::span<const Symbol> symbols, std::span<const std::uint32_t> sorted);

  std::span<const Symbol> symbols() const { return symbols_; }
  std::uint32_t place(std::uint32_t at) const { return sorted_[at]; }

  Range all() const { return {0, static_cast<std::uint32_t>(sorted_.size())}; }
  // Those phrases of `range`, which agree in `depth` symbols, that go on with `next`. So whether one more
  // note would complete a quotation is one bisection.
  Range narrow(Range range, std::size_t depth, Symbol next) const;
  Range find(std::span<const Symbol> phrase) const;
  // How many phrases of `range` there are, where copies of one passage count once. The first call takes a
  // second for 10 million notes.
  std::uint32_t sightings(Range range) const;
  // The longest beginning of `phrase` that occurs.
  Match longest(std::span<const Symbol> phrase) const;

 private:
  std::span<const Symbol> symbols_;
  std::span<const std::uint32_t> sorted_;
  mutable std::once_flag counted_;
  mutable std::unique_ptr<const Sightings> sightings_;
};

// The longest run that begins with each note of a work and occurs in the index, by places of notes.
struct Run {
  std::uint32_t notes = 1;  // 1: not even one interval
  std::uint32_t place = 0;  // of its first note in the index
};
std::vector<Run> longest_runs(const PhraseIndex& index, std::span<const Symbol> work);

// A passage of a work that follows one of the index, but for a few notes.
struct Quote {
  std::uint32_t begin = 0;  // the first note in the work
  std::uint32_t end = 0;    // behind the last one
  std::uint32_t place = 0;  // of `begin` in the index
  std::uint32_t same = 0;   // notes in runs that agree
  double bits = 0.0;        // how unlikely these are, by the index's own statistics
};

struct QuoteOptions {
  int seed = 8;              // intervals that must agree in a row for a place to be looked at, in [2, 64]
  int most_places = 64;      // runs of so many intervals that occur more often are nothing to go by
  int gap = 24;              // most notes between one agreement and the next, in [1, 1024]
  double least_bits = 60.0;  // at least so unlikely
  // Places in [excluded_begin, excluded_end) are passed over.
  std::uint32_t excluded_begin = 0;
  std::uint32_t excluded_end = 0;

  // Throws std::invalid_argument that names the field, its range and its value.
  void validate() const;
};

// By `bits`, the most first; where two share more than half of the shorter one's notes, the better one.
std::vector<Quote> find_quotes(const PhraseIndex& index, std::span<const Symbol> work,
                               const QuoteOptions& options);

}  // namespace longplay
