#include "form/quote_guard.hpp"

#include <algorithm>
#include <span>

#include "events/tokenizer.hpp"

namespace longplay {
namespace {

constexpr std::size_t kBefore = PhraseIndex::kQuotedNotes - 1;  // notes of a run before its last one

}  // namespace

std::size_t QuoteGuard::insertion_index(std::uint8_t pitch, std::int64_t onset_ms) const {
  const auto chord = notes_.end() - (onset_ms == onset_ms_ ? chord_ : 0);
  return static_cast<std::size_t>(std::upper_bound(chord, notes_.end(), pitch) - notes_.begin());
}

bool QuoteGuard::would_quote(std::uint8_t pitch, std::int64_t onset_ms) const {
  if (!watches()) return false;
  const std::size_t at = insertion_index(pitch, onset_ms);
  std::vector<std::uint8_t> notes = notes_;
  notes.insert(notes.begin() + static_cast<std::ptrdiff_t>(at), pitch);
  const std::vector<Symbol> symbols = interval_symbols(notes, {});
  for (std::size_t last = std::max(at, kBefore); last < notes.size(); ++last) {
    const auto run = std::span(symbols).subspan(last + 1 - kBefore, kBefore);
    if (index_->longest(run).length == kBefore) return true;
  }
  return false;
}

void QuoteGuard::push(std::uint8_t pitch, std::int64_t onset_ms) {
  if (!watches()) return;
  notes_.insert(notes_.begin() + static_cast<std::ptrdiff_t>(insertion_index(pitch, onset_ms)), pitch);
  chord_ = onset_ms == onset_ms_ ? chord_ + 1 : 1;
  onset_ms_ = onset_ms;
  const std::size_t most = kBefore + chord_;
  if (notes_.size() > most) notes_.erase(notes_.begin(), notes_.end() - static_cast<std::ptrdiff_t>(most));
}

bool QuoteGuard::is_valid(std::int64_t onset_ms) const {
  constexpr std::uint32_t kLargestChord = 256;  // all pitches of a seed, then those of a chord that is drawn
  if (chord_ > kLargestChord || chord_ > notes_.size() || notes_.size() > kBefore + chord_) return false;
  if (notes_.empty()) return onset_ms_ == 0;
  // A session may have moved its time back from the rounded onset of a drawn note.
  const bool has_passed = onset_ms_ >= 0 && onset_ms_ <= onset_ms + ScoreLimits::kMaxMilliseconds;
  return chord_ > 0 && has_passed && std::is_sorted(notes_.end() - chord_, notes_.end()) &&
         std::ranges::all_of(notes_, [](std::uint8_t pitch) { return pitch <= 127; });
}

}  // namespace longplay
