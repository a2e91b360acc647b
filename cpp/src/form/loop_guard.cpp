#include "form/loop_guard.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace longplay {
namespace {

// Forbids an id, unless no other is left.
void close(std::int32_t id, std::span<float> bias) {
  float& next = bias[static_cast<std::size_t>(id)];
  const float before = next;
  next = kForbidden;
  const auto open = [](float b) { return b != kForbidden; };
  if (std::none_of(bias.begin(), bias.end(), open)) next = before;
}

}  // namespace

// Whether the chord with this id would complete three repeats of `period` ids.
bool LoopGuard::completes(std::size_t period, std::int32_t id) const {
  std::uint32_t in_a_row = repeats_[period];
  std::uint64_t ago = period;  // no chord is as long as a period
  const auto take = [&](std::int32_t next) {
    in_a_row = at(ago--) == next ? in_a_row + 1 : 0;
    return in_a_row >= 2 * period;  // three runs are two in a row that equal the one before them
  };
  bool taken = false;
  for (const std::int32_t note : chord()) {
    if (!taken && id < note) {
      taken = true;
      if (take(id)) return true;
    }
    if (take(note)) return true;
  }
  return !taken && take(id);
}

// Whether the chord and one more note might complete the run of any period. This is rare, so the check has
// no branch per period.
bool LoopGuard::is_near() const {
  const auto last = static_cast<std::uint32_t>(longest());
  std::uint32_t near = 0;
  for (std::uint32_t period = kShortest; period <= last; ++period)
    near |= repeats_[period] + chord_size_ + 1 >= 2 * period ? 1U : 0U;
  return near != 0;
}

void LoopGuard::forbid(std::span<float> bias) const {
  for (const std::int32_t id : chord()) close(id, bias);
  if (!is_near()) return;
  for (std::size_t period = kShortest; period <= longest(); ++period) {
    if (repeats_[period] + chord_size_ + 1 < 2 * period) continue;
    for (std::size_t id = 0; id < bias.size(); ++id) {
      if (completes(period, static_cast<std::int32_t>(id))) close(static_cast<std::int32_t>(id), bias);
    }
  }
}

// Whether the repeats of a period agree with the stored ids, which show the latest comparisons.
bool LoopGuard::fits_ids(std::size_t period) const {
  const std::uint64_t compared = count_ > period ? count_ - period : 0;
  const std::uint64_t shown = std::min<std::uint64_t>(compared, kLongest - period);
  std::uint64_t equal = 0;
  while (equal < shown && at(equal + 1) == at(equal + 1 + period)) ++equal;
  const std::uint32_t repeats = repeats_[period];
  return equal < shown ? repeats == equal : repeats >= equal && repeats <= compared;
}

bool LoopGuard::is_valid(std::int32_t ids) const {
  const auto fits = [=](std::int32_t id) { return id >= 0 && id < ids; };
  if (chord_size_ > kLargestChord || !std::ranges::all_of(recent_, fits) ||
      !std::ranges::all_of(chord_, fits)) {
    return false;
  }
  const auto is_zero = [](auto number) { return number == 0; };
  if (std::ranges::adjacent_find(chord(), std::ranges::greater_equal()) != chord().end() ||
      !std::ranges::all_of(std::span(recent_).subspan(static_cast<std::size_t>(longest())), is_zero) ||
      !std::ranges::all_of(std::span(repeats_).first(kShortest), is_zero)) {
    return false;
  }
  for (std::size_t period = kShortest; period <= kLongest; ++period)
    if (!fits_ids(period)) return false;
  return true;
}

void LoopGuard::push(std::int32_t id) {
  if (chord_size_ == kLargestChord) next_onset();
  const auto end = chord_.begin() + chord_size_;
  const auto position = std::lower_bound(chord_.begin(), end, id);
  if (position != end && *position == id) return;
  std::copy_backward(position, end, end + 1);
  *position = id;
  ++chord_size_;
}

void LoopGuard::next_onset() {
  for (const std::int32_t id : chord()) append(id);
  chord_size_ = 0;
}

// The ids of consecutive periods are adjacent in the ring, down to its start and then from its end. The
// compiler vectorises the loop over each of these two parts.
void LoopGuard::append(std::int32_t id) {
  const auto next = static_cast<std::size_t>(count_ % kLongest);
  const auto last = static_cast<std::size_t>(longest());
  const auto count_runs = [&](std::size_t first, std::size_t end, std::size_t from) {
    for (std::size_t period = first; period < end; ++period)
      repeats_[period] = recent_[from - period] == id ? repeats_[period] + 1 : 0;
  };
  const std::size_t turn = std::min(std::max(next + 1, kShortest), last + 1);
  count_runs(kShortest, turn, next);
  count_runs(turn, last + 1, next + kLongest);
  recent_[next] = id;
  ++count_;
}

}  // namespace longplay
