#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>

#include "originality/quotes.hpp"

namespace longplay {
namespace {

constexpr std::size_t kKeySymbols = 8;

struct Phrase {
  std::uint64_t key;  // its first kKeySymbols symbols, the first one highest
  std::uint32_t place;
};

// How many symbols two phrases have in common, up to `most`. A work's start agrees with nothing.
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
    if (pitches[note] > 127)
      throw std::invalid_argument("pitches must be in [0, 127], not " + std::to_string(pitches[note]));
    if (note > 0) symbols[note] = static_cast<Symbol>(kUnison + pitches[note] - pitches[note - 1]);
  }
  std::uint32_t before = 0;
  for (const std::uint32_t first : first_notes) {
    if (first < before || first > pitches.size())
      throw std::invalid_argument("first_notes must ascend to at most " + std::to_string(pitches.size()) +
                                  ", not go from " + std::to_string(before) + " to " + std::to_string(first));
    if (first < pitches.size()) symbols[first] = kStart;
    before = first;
  }
  return symbols;
}

std::vector<std::uint32_t> sort_phrases(std::span<const Symbol> symbols) {
  if (symbols.size() >= UINT32_MAX)
    throw std::invalid_argument("symbols must be fewer than 2^32, not " + std::to_string(symbols.size()));
  std::vector<Phrase> phrases(symbols.size());
  std::uint64_t key = 0;
  for (std::size_t place = symbols.size(); place-- > 0;) {
    key = key >> 8 | std::uint64_t{symbols[place]} << 56;
    phrases[place] = {key, static_cast<std::uint32_t>(place)};
  }
  // Phrases of one key are compared behind it. The end of the symbols counts as a start.
  std::sort(phrases.begin(), phrases.end(), [symbols](const Phrase& a, const Phrase& b) {
    if (a.key != b.key) return a.key < b.key;
    const std::size_t left = symbols.size() - std::max(a.place, b.place);
    if (left <= kKeySymbols) return a.place > b.place;  // the shorter one first
    const std::size_t most = std::min(left, PhraseIndex::kDeepest) - kKeySymbols;
    const int order =
        std::memcmp(symbols.data() + a.place + kKeySymbols, symbols.data() + b.place + kKeySymbols, most);
    return order != 0 ? order < 0 : a.place > b.place;
  });
  std::vector<std::uint32_t> sorted;
  sorted.reserve(phrases.size());
  for (const Phrase& phrase : phrases) sorted.push_back(phrase.place);
  return sorted;
}

PhraseIndex::PhraseIndex(std::span<const Symbol> symbols, std::span<const std::uint32_t> sorted)
    : symbols_(symbols), sorted_(sorted) {
  if (sorted.size() != symbols.size())
    throw Error("an index of " + std::to_string(symbols.size()) + " notes holds " +
                std::to_string(sorted.size()) + " sorted places");
  for (const std::uint32_t place : sorted)
    if (place >= symbols.size())
      throw Error("a sorted place must be in [0, " + std::to_string(symbols.size()) + "), not " +
                  std::to_string(place));
}

PhraseIndex::Range PhraseIndex::narrow(Range range, std::size_t depth, Symbol next) const {
  const auto symbol_at = [&](std::uint32_t place) -> int {
    return place + depth < symbols_.size() ? symbols_[place + depth] : -1;
  };
  const auto begin = sorted_.begin();
  const auto low = std::partition_point(begin + range.begin, begin + range.end,
                                        [&](std::uint32_t place) { return symbol_at(place) < next; });
  const auto high = std::partition_point(low, begin + range.end,
                                         [&](std::uint32_t place) { return symbol_at(place) == next; });
  return {static_cast<std::uint32_t>(low - begin), static_cast<std::uint32_t>(high - begin)};
}

PhraseIndex::Range PhraseIndex::find(std::span<const Symbol> phrase) const {
  Range range = all();
  for (std::size_t depth = 0; depth < phrase.size() && range.size() > 0; ++depth)
    range = narrow(range, depth, phrase[depth]);
  return range;
}

std::uint32_t PhraseIndex::sightings(Range range) const {
  std::call_once(counted_, [this] { sightings_ = std::make_unique<Sightings>(symbols_, sorted_); });
  return sightings_->count(range.begin, range.end);
}

PhraseIndex::Match PhraseIndex::longest(std::span<const Symbol> phrase) const {
  // Bisect to where the phrase would stand; its longest match stands beside that place.
  const auto most = [&](std::uint32_t place) { return std::min(phrase.size(), symbols_.size() - place); };
  const auto above = std::partition_point(sorted_.begin(), sorted_.end(), [&](std::uint32_t place) {
    const std::size_t left = most(place);
    const int order = std::memcmp(symbols_.data() + place, phrase.data(), std::min(left, kDeepest));
    return order != 0 ? order < 0 : left < phrase.size();
  });
  Match best;
  const auto consider = [&](std::uint32_t place) {
    const auto length =
        static_cast<std::uint32_t>(agreement(symbols_.data() + place, phrase.data(), most(place)));
    if (length > best.length) best = {place, length};
  };
  if (above != sorted_.begin()) consider(*(above - 1));
  if (above != sorted_.end()) consider(*above);
  return best;
}

std::vector<Run> longest_runs(const PhraseIndex& index, std::span<const Symbol> work) {
  std::vector<Run> runs(work.size());
  for (std::size_t note = 0; note + 1 < work.size(); ++note) {
    const PhraseIndex::Match match = index.longest(work.subspan(note + 1));
    if (match.length > 0) runs[note] = {match.length + 1, match.place - 1};
  }
  return runs;
}

}  // namespace longplay
