#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <unordered_set>

#include "originality/quotes.hpp"

namespace longplay {
namespace {

constexpr std::size_t kOrders = 4;  // of the interval statistics: given up to four intervals before it
constexpr double kDoubt = 4.0;      // so many sightings of a shorter context weigh as much as it

// Bits of each symbol of a work given those before it, by how often they follow each other in the index:
// counts of each order, mixed with the order below. One sighting is taken off, which may be the very source
// of the work.
std::vector<double> information(const PhraseIndex& index, std::span<const Symbol> work) {
  std::vector<double> bits(work.size(), 0.0);
  std::array<double, kOrders + 1> context{};  // how often the last 0, 1, ... symbols occur together
  context[0] = index.sightings(index.all());
  for (std::size_t at = 1; at < work.size(); ++at) {
    std::array<double, kOrders + 1> here{};
    here[0] = context[0];
    double probability = 1.0 / 255;
    for (std::size_t order = 0; order <= kOrders && order < at; ++order) {
      const double seen = index.sightings(index.find(work.subspan(at - order, order + 1)));
      if (order < kOrders) here[order + 1] = seen;
      probability =
          (std::max(seen - 1, 0.0) + kDoubt * probability) / (std::max(context[order] - 1, 0.0) + kDoubt);
      if (context[order] <= 1) break;  // longer contexts tell no more
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
  std::uint32_t phrase;  // the same number for the same intervals
  bool operator<(const Hit& other) const {
    return shift != other.shift ? shift < other.shift : at < other.at;
  }
};

std::vector<Hit> find_hits(const PhraseIndex& index, std::span<const Symbol> work,
                           const QuoteOptions& options) {
  std::vector<Hit> hits;
  const auto seed = static_cast<std::size_t>(options.seed);
  for (std::size_t at = 1; at + seed <= work.size(); ++at) {
    const PhraseIndex::Range range = index.find(work.subspan(at, seed));
    if (index.sightings(range) > static_cast<std::uint32_t>(options.most_places)) continue;
    for (std::uint32_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t place = index.place(i);
      if (place >= options.excluded_begin && place < options.excluded_end) continue;
      hits.push_back(
          {std::int64_t{place} - static_cast<std::int64_t>(at), static_cast<std::uint32_t>(at), range.begin});
    }
  }
  std::sort(hits.begin(), hits.end());
  return hits;
}

bool one_work(const PhraseIndex& index, std::int64_t from, std::int64_t to) {
  const auto symbols =
      index.symbols().subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from + 1));
  return std::find(symbols.begin(), symbols.end(), kStart) == symbols.end();
}

// The better ones of quotes that lie over each other.
std::vector<Quote> best_of(std::vector<Quote> quotes) {
  std::sort(quotes.begin(), quotes.end(), [](const Quote& a, const Quote& b) {
    return a.bits != b.bits ? a.bits > b.bits : a.begin != b.begin ? a.begin < b.begin : a.place < b.place;
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

void check(const char* name, int value, int least, int most) {
  if (value < least || value > most)
    throw std::invalid_argument(std::string(name) + " must be in [" + std::to_string(least) + ", " +
                                std::to_string(most) + "], not " + std::to_string(value));
}

}  // namespace

void QuoteOptions::validate() const {
  check("seed", seed, 2, 64);
  check("most_places", most_places, 1, 1 << 20);
  check("gap", gap, 1, 1024);
}

std::vector<Quote> find_quotes(const PhraseIndex& index, std::span<const Symbol> work,
                               const QuoteOptions& options) {
  options.validate();
  const std::vector<double> bits = information(index, work);
  const auto seed = static_cast<std::uint32_t>(options.seed);
  const auto gap = static_cast<std::uint32_t>(options.gap);
  std::vector<Quote> quotes;
  Quote open;             // the passage that the hits so far make
  std::uint32_t end = 0;  // behind its last symbol that agrees
  std::int64_t shift = 0;
  std::unordered_set<std::uint32_t> heard;  // phrases of the passage: a figure that goes on says nothing new
  const auto close = [&] {
    open.end = end;
    if (open.bits >= options.least_bits && end > 0) quotes.push_back(open);
  };
  for (const Hit& hit : find_hits(index, work, options)) {
    const bool goes_on = end > 0 && hit.shift == shift && hit.at <= end + gap &&
                         one_work(index, end - 1 + shift, hit.at + shift);
    if (!goes_on) {
      close();
      // The interval of a symbol is between the note before it and its own.
      open = {.begin = hit.at - 1, .place = static_cast<std::uint32_t>(hit.at - 1 + hit.shift)};
      end = hit.at;
      shift = hit.shift;
      heard.clear();
    }
    if (!goes_on || hit.at > end) ++open.same;  // the note before a run
    const bool news = heard.insert(hit.phrase).second;
    for (std::uint32_t at = std::max(end, hit.at); at < hit.at + seed; ++at, ++open.same)
      if (news) open.bits += bits[at];
    end = hit.at + seed;
  }
  close();
  return best_of(std::move(quotes));
}

}  // namespace longplay
