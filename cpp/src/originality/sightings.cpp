#include "originality/sightings.hpp"

#include <algorithm>
#include <cstring>

namespace longplay {
namespace {

bool same(const Symbol* a, const Symbol* b, std::size_t count) { return std::memcmp(a, b, count) == 0; }

bool is_figure(const Symbol* phrase) {
  for (std::size_t period = 1; period <= kLongestPeriod; ++period)
    if (same(phrase, phrase + period, kCopiedIntervals - period)) return true;
  return false;
}

// Marks the symbols that belong to a copy. Equal phrases are adjacent in `sorted`.
std::vector<bool> find_copies(std::span<const Symbol> symbols, std::span<const std::uint32_t> sorted,
                              const Stop& stop) {
  std::vector<bool> copied(symbols.size());
  const auto is_long = [&](std::uint32_t position) {
    return position + kCopiedIntervals <= symbols.size() &&
           std::memchr(symbols.data() + position, kStart, kCopiedIntervals) == nullptr;
  };
  const auto equal = [&](std::uint32_t a, std::uint32_t b) {
    return is_long(a) && is_long(b) && same(symbols.data() + a, symbols.data() + b, kCopiedIntervals);
  };
  for (std::size_t first = 0, end = 0; first < sorted.size(); first = end) {
    stop.check();
    for (end = first + 1; end < sorted.size() && equal(sorted[first], sorted[end]); ++end) {
    }
    if (end - first < 2 || is_figure(symbols.data() + sorted[first])) continue;
    const auto group = sorted.subspan(first, end - first);
    const std::uint32_t original = *std::ranges::min_element(group);
    for (const std::uint32_t position : group)
      if (position != original) std::fill_n(copied.begin() + position, kCopiedIntervals, true);
  }
  return copied;
}

// Marks what lies between two copied passages of one work, too. A copy has wrong notes, and each wrong note
// hides the passages of kCopiedIntervals around it.
void join_copies(std::span<const Symbol> symbols, std::vector<bool>& copied) {
  std::size_t end = 0;  // behind the copied passage before, or 0
  for (std::size_t at = 0; at < symbols.size(); ++at) {
    if (symbols[at] == kStart) end = 0;
    if (!copied[at]) continue;
    if (end > 0 && at - end <= kBetweenCopies)
      std::fill_n(copied.begin() + static_cast<std::ptrdiff_t>(end), at - end, true);
    end = at + 1;
  }
}

}  // namespace

Sightings::Sightings(std::span<const Symbol> symbols, std::span<const std::uint32_t> sorted, const Stop& stop)
    : sums_(sorted.size() + 1) {
  std::vector<bool> copied = find_copies(symbols, sorted, stop);
  join_copies(symbols, copied);
  for (std::size_t rank = 0; rank < sorted.size(); ++rank)
    sums_[rank + 1] = sums_[rank] + (copied[sorted[rank]] ? 0 : 1);
}

}  // namespace longplay
