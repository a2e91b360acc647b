#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "base/require.hpp"
#include "originality/quotes.hpp"

namespace longplay {
namespace {

constexpr std::size_t kKeySymbols = 8;

struct Phrase {
  std::uint64_t key;  // its first kKeySymbols symbols, the first in the highest byte
  std::uint32_t position;
};

// Returns the number of symbols that two phrases share, up to `most`. A work's start matches nothing.
std::size_t agreement(const Symbol* a, const Symbol* b, std::size_t most) {
  std::size_t length = 0;
  while (length < most && a[length] == b[length] && a[length] != kStart) ++length;
  return length;
}

}  // namespace

std::vector<Symbol> interval_symbols(std::span<const std::uint8_t> pitches,
                                     std::span<const std::uint32_t> first_notes) {
  std::vector<Symbol> symbols(pitches.size(), kStart);
  for (std::size_t note = 0; note < pitches.size(); ++note) {
    require_range<int>("pitches", pitches[note], 0, 127);
    if (note > 0) symbols[note] = static_cast<Symbol>(kUnison + pitches[note] - pitches[note - 1]);
  }
  std::uint32_t before = 0;
  for (const std::uint32_t first : first_notes) {
    require_range<std::size_t>("first_notes", first, before, pitches.size());
    if (first < pitches.size()) symbols[first] = kStart;
    before = first;
  }
  return symbols;
}

std::vector<std::uint32_t> sort_phrases(std::span<const Symbol> symbols, const Stop& stop) {
  if (symbols.size() >= UINT32_MAX) refuse("symbols must be fewer than 2^32", symbols.size());
  std::vector<Phrase> phrases(symbols.size());
  std::uint64_t key = 0;
  for (std::size_t position = symbols.size(); position-- > 0;) {
    key = key >> 8 | std::uint64_t{symbols[position]} << 56;
    phrases[position] = {key, static_cast<std::uint32_t>(position)};
  }
  // Compare phrases of equal keys by the symbols after the key. The end of the symbols counts as a start.
  std::sort(phrases.begin(), phrases.end(), [symbols, &stop](const Phrase& a, const Phrase& b) {
    stop.check();
    if (a.key != b.key) return a.key < b.key;
    const std::size_t left = symbols.size() - std::max(a.position, b.position);
    if (left <= kKeySymbols) return a.position > b.position;  // the shorter one first
    const std::size_t most = std::min(left, PhraseIndex::kDeepest) - kKeySymbols;
    const int order = std::memcmp(symbols.data() + a.position + kKeySymbols,
                                  symbols.data() + b.position + kKeySymbols, most);
    return order != 0 ? order < 0 : a.position > b.position;
  });
  std::vector<std::uint32_t> sorted;
  sorted.reserve(phrases.size());
  for (const Phrase& phrase : phrases) sorted.push_back(phrase.position);
  return sorted;
}

PhraseIndex::PhraseIndex(std::span<const Symbol> symbols, std::span<const std::uint32_t> sorted)
    : symbols_(symbols), sorted_(sorted) {
  if (sorted.size() != symbols.size())
    throw Error("phrases must hold one position for each of " + std::to_string(symbols.size()) +
                " notes, not " + std::to_string(sorted.size()) + " positions");
  for (const std::uint32_t position : sorted)
    if (position >= symbols.size())
      throw Error("a position of phrases must be in [0, " + std::to_string(symbols.size()) + "), not " +
                  std::to_string(position));
}

PhraseIndex::Range PhraseIndex::narrow(Range range, std::size_t depth, Symbol next) const {
  const auto symbol_at = [&](std::uint32_t position) -> int {
    return position + depth < symbols_.size() ? symbols_[position + depth] : -1;
  };
  const auto begin = sorted_.begin();
  const auto low = std::partition_point(begin + range.begin, begin + range.end,
                                        [&](std::uint32_t position) { return symbol_at(position) < next; });
  const auto high = std::partition_point(low, begin + range.end,
                                         [&](std::uint32_t position) { return symbol_at(position) == next; });
  return {static_cast<std::uint32_t>(low - begin), static_cast<std::uint32_t>(high - begin)};
}

PhraseIndex::Range PhraseIndex::find(std::span<const Symbol> phrase) const {
  Range range = all();
  for (std::size_t depth = 0; depth < phrase.size() && range.size() > 0; ++depth)
    range = narrow(range, depth, phrase[depth]);
  return range;
}

std::uint32_t PhraseIndex::sightings(Range range, const Stop& stop) const {
  std::call_once(counted_, [&] { sightings_ = std::make_unique<Sightings>(symbols_, sorted_, stop); });
  return sightings_->count(range.begin, range.end);
}

PhraseIndex::Match PhraseIndex::longest(std::span<const Symbol> phrase) const {
  // Bisect to the rank of the phrase. Its longest match is adjacent to that rank.
  const auto most = [&](std::uint32_t position) {
    return std::min(phrase.size(), symbols_.size() - position);
  };
  const auto above = std::partition_point(sorted_.begin(), sorted_.end(), [&](std::uint32_t position) {
    const std::size_t left = most(position);
    const int order = std::memcmp(symbols_.data() + position, phrase.data(), std::min(left, kDeepest));
    return order != 0 ? order < 0 : left < phrase.size();
  });
  Match best;
  const auto consider = [&](std::uint32_t position) {
    const auto length =
        static_cast<std::uint32_t>(agreement(symbols_.data() + position, phrase.data(), most(position)));
    if (length > best.length) best = {position, length};
  };
  if (above != sorted_.begin()) consider(*(above - 1));
  if (above != sorted_.end()) consider(*above);
  return best;
}

std::vector<Run> longest_runs(const PhraseIndex& index, std::span<const Symbol> work, const Stop& stop) {
  std::vector<Run> runs(work.size());
  for (std::size_t note = 0; note + 1 < work.size(); ++note) {
    stop.check();
    const PhraseIndex::Match match = index.longest(work.subspan(note + 1));
    if (match.length > 0) runs[note] = {match.length + 1, match.position - 1};
  }
  return runs;
}

}  // namespace longplay
