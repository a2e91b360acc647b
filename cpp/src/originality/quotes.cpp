#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "originality/quotes.hpp"

namespace longplay {
namespace {

constexpr std::size_t kOrders = 4;  // of the interval statistics: each is conditional on up to four intervals
constexpr double kBackoff = 4.0;    // sightings that the estimate of the shorter context counts as

// Returns the information content of each symbol of a work in bits, conditional on the symbols before it. The
// probabilities are counts in the index, mixed with those of the next lower order. One sighting is
// subtracted, since it may be the source of the work.
std::vector<double> information(const PhraseIndex& index, std::span<const Symbol> work, const Stop& stop) {
  std::vector<double> bits(work.size(), 0.0);
  std::array<double, kOrders + 1> context{};  // how often the last 0, 1, ... symbols occur together
  context[0] = index.sightings(index.all(), stop);
  for (std::size_t at = 1; at < work.size(); ++at) {
    stop.check();
    std::array<double, kOrders + 1> here{};
    here[0] = context[0];
    double probability = 1.0 / 255;
    for (std::size_t order = 0; order <= kOrders && order < at; ++order) {
      const double seen = index.sightings(index.find(work.subspan(at - order, order + 1)), stop);
      if (order < kOrders) here[order + 1] = seen;
      probability =
          (std::max(seen - 1, 0.0) + kBackoff * probability) / (std::max(context[order] - 1, 0.0) + kBackoff);
      if (context[order] <= 1) break;  // longer contexts add nothing
    }
    context = here;
    bits[at] = -std::log2(std::min(probability, 1.0));
  }
  return bits;
}

// A run of `seed` intervals at `at` in the work and at `at` + `shift` in the index.
struct Hit {
  std::int64_t shift;
  std::uint32_t at;
  std::uint32_t phrase;  // equal for equal intervals
  bool operator<(const Hit& other) const {
    return shift != other.shift ? shift < other.shift : at < other.at;
  }
};

std::vector<Hit> find_hits(const PhraseIndex& index, std::span<const Symbol> work,
                           const QuoteOptions& options, const Stop& stop) {
  std::vector<Hit> hits;
  for (std::size_t at = 1; at + kMatchIntervals <= work.size(); ++at) {
    stop.check();
    const PhraseIndex::Range range = index.find(work.subspan(at, kMatchIntervals));
    if (index.sightings(range, stop) > kMaxOccurrences) continue;
    for (std::uint32_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t position = index.position(i);
      if (position >= options.excluded_begin && position < options.excluded_end) continue;
      hits.push_back({std::int64_t{position} - static_cast<std::int64_t>(at), static_cast<std::uint32_t>(at),
                      range.begin});
    }
  }
  std::sort(hits.begin(), hits.end());
  return hits;
}

bool one_work(const PhraseIndex& index, std::int64_t from, std::int64_t to) {
  if (to < from) return true;  // two runs that overlap
  const auto symbols =
      index.symbols().subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from + 1));
  return std::find(symbols.begin(), symbols.end(), kStart) == symbols.end();
}

// Returns the better ones of overlapping quotes.
std::vector<Quote> best_of(std::vector<Quote> quotes) {
  std::sort(quotes.begin(), quotes.end(), [](const Quote& a, const Quote& b) {
    return a.bits != b.bits     ? a.bits > b.bits
           : a.begin != b.begin ? a.begin < b.begin
                                : a.position < b.position;
  });
  std::vector<Quote> kept;
  for (const Quote& quote : quotes) {
    const bool hidden = std::any_of(kept.begin(), kept.end(), [&quote](const Quote& better) {
      const std::int64_t shared =
          std::int64_t{std::min(quote.end, better.end)} - std::max(quote.begin, better.begin);
      return 2 * shared > std::min(quote.end - quote.begin, better.end - better.begin);
    });
    if (!hidden) kept.push_back(quote);
  }
  return kept;
}

}  // namespace

std::vector<Quote> find_quotes(const PhraseIndex& index, std::span<const Symbol> work,
                               const QuoteOptions& options, const Stop& stop) {
  const std::vector<double> bits = information(index, work, stop);
  std::vector<Quote> quotes;
  Quote open;             // the passage of the last hits
  std::uint32_t end = 0;  // after its last symbol that agrees
  std::int64_t shift = 0;
  std::unordered_set<std::uint32_t> seen;  // phrases of the passage: a repeated figure adds no bits
  const auto close = [&] {
    open.end = end;
    if (open.bits >= options.least_bits && end > 0) quotes.push_back(open);
  };
  for (const Hit& hit : find_hits(index, work, options, stop)) {
    const bool continues = end > 0 && hit.shift == shift && hit.at <= end + kMatchGap &&
                           one_work(index, end - 1 + shift, hit.at + shift);
    if (!continues) {
      close();
      // The interval of a symbol is between the note before it and its own.
      open = {.begin = hit.at - 1, .position = static_cast<std::uint32_t>(hit.at - 1 + hit.shift)};
      end = hit.at;
      shift = hit.shift;
      seen.clear();
    }
    if (!continues || hit.at > end) ++open.same;  // the note before a run
    const bool is_new = seen.insert(hit.phrase).second;
    for (std::uint32_t at = std::max(end, hit.at); at < hit.at + kMatchIntervals; ++at, ++open.same)
      if (is_new) open.bits += bits[at];
    end = hit.at + kMatchIntervals;
  }
  close();
  return best_of(std::move(quotes));
}

}  // namespace longplay
