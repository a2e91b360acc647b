// An index with right checksums and any other bytes: refused, or what is found lies in the index and in the
// work.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include "base/stop.hpp"
#include "input.hpp"
#include "originality/quotes.hpp"
#include "originality/windows.hpp"

namespace longplay {
namespace {

constexpr std::size_t kMost = 160;  // symbols or values
Stop never;

template <typename T>
std::vector<T> copy_of(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

// Positions in the order that an index has, or in any order.
std::vector<std::uint32_t> positions(Input& input, std::span<const Symbol> symbols) {
  if (input.number() % 2 == 0) return sort_phrases(symbols, never);
  std::vector<std::uint32_t> made(symbols.size());
  for (std::uint32_t& position : made) position = static_cast<std::uint32_t>(input.below(symbols.size() + 1));
  return made;
}

void quote(Input& input) {
  const auto symbols = copy_of<Symbol>(input.bytes(input.below(kMost)));
  const std::vector<std::uint32_t> sorted = positions(input, symbols);
  const QuoteOptions options{.least_bits = static_cast<double>(input.number() % 64),
                             .excluded_begin = static_cast<std::uint32_t>(input.below(kMost)),
                             .excluded_end = static_cast<std::uint32_t>(input.below(kMost))};
  // The work is of intervals, or a part of the index.
  std::vector<Symbol> work = copy_of<Symbol>(input.bytes(input.below(kMost)));
  if (work.empty() && !symbols.empty()) {
    const std::size_t from = input.below(symbols.size());
    work.assign(symbols.begin() + static_cast<std::ptrdiff_t>(from), symbols.end());
  }
  const PhraseIndex index(symbols, sorted);
  const std::vector<Run> runs = longest_runs(index, work, never);
  require(runs.size() == work.size());
  for (std::size_t note = 0; note < runs.size(); ++note) {
    require(runs[note].notes >= 1 && note + runs[note].notes <= work.size());
  }
  for (const Quote& one : find_quotes(index, work, options, never)) {
    require(one.begin < one.end && one.end <= work.size() && one.same <= one.end - one.begin);
    require(one.bits >= options.least_bits);
  }
}

void search(Input& input) {
  const WindowShape shape{.steps = static_cast<int>(input.number() % 24),
                          .band = static_cast<int>(input.number() % 9) - 1};
  const auto series = copy_of<std::uint8_t>(input.bytes(input.below(kMost)));
  std::vector<std::uint32_t> starts(input.number() % 100);
  for (std::uint32_t& start : starts) start = static_cast<std::uint32_t>(input.below(series.size() + 1));
  if (input.number() % 2 == 0) starts = order_windows(series, starts, shape.steps, never);
  const WindowSearch windows(series, starts, shape);
  const WindowSearch::Excluded excluded{static_cast<std::uint32_t>(input.below(kMost)),
                                        static_cast<std::uint32_t>(input.below(kMost))};
  const auto steps = static_cast<std::size_t>(shape.steps);
  const auto query = copy_of<std::uint8_t>(input.bytes(steps));
  const WindowSearch::Nearest found = windows.nearest(query, {&excluded, 1}, 1, never).at(0);
  std::uint32_t least = UINT32_MAX;
  for (const std::uint32_t start : starts) {
    if (start >= excluded.begin && start < excluded.end) continue;
    least = std::min(least, dtw_distance(query, std::span(series).subspan(start, steps), shape.band));
  }
  require(found.start == WindowSearch::kNone ? least == UINT32_MAX : found.distance == least);
}

}  // namespace
}  // namespace longplay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  longplay::Input input({data, size});
  try {
    if (input.number() % 2 == 0) {
      longplay::quote(input);
    } else {
      longplay::search(input);
    }
  } catch (const longplay::Error&) {
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
