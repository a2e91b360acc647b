// How often phrases occur in a training set, where copies of the same passage count once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/stop.hpp"
#include "originality/symbol.hpp"

namespace longplay {

// Two occurrences of a phrase of this many intervals are a passage and its copy: an edition, a transposition,
// a repeated section. Figures, such as a trill or a scale, are exceptions: they repeat themselves within
// kLongestPeriod intervals.
inline constexpr std::size_t kCopiedIntervals = 20;
inline constexpr std::size_t kLongestPeriod = 10;
// If at most this many intervals lie between two copied passages of a work, they count as copied, too.
inline constexpr std::size_t kBetweenCopies = 48;

class Sightings {
 public:
  // `sorted` holds the positions in `symbols`, ordered by sort_phrases. Throws Cancelled if a stop is
  // requested.
  Sightings(std::span<const Symbol> symbols, std::span<const std::uint32_t> sorted, const Stop& stop);

  // Counts the phrases sorted[begin, end) that do not begin within a copy of an earlier passage.
  std::uint32_t count(std::uint32_t begin, std::uint32_t end) const { return sums_[end] - sums_[begin]; }

 private:
  std::vector<std::uint32_t> sums_;  // one more than there are symbols
};

}  // namespace longplay
