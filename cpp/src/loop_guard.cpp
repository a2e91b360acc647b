#include "longplay/loop_guard.hpp"

#include <algorithm>
#include <limits>

namespace longplay {

void LoopGuard::forbid(std::span<float> bias) const {
  constexpr float kForbidden = -std::numeric_limits<float>::infinity();
  const auto open = [](float b) { return b != kForbidden; };
  // Three runs of L are 2L ids in a row that equal the one L before them.
  for (std::size_t period = kShortest; period <= std::min<std::uint64_t>(kLongest, count_); ++period) {
    if (repeats_[period] + 1 < 2 * period) continue;
    float& next = bias[static_cast<std::size_t>(at(period))];
    const float before = next;
    next = kForbidden;
    if (std::none_of(bias.begin(), bias.end(), open)) next = before;
  }
}

bool LoopGuard::keeps_to(std::int32_t ids) const {
  return std::ranges::all_of(recent_, [=](std::int32_t id) { return id >= 0 && id < ids; });
}

void LoopGuard::push(std::int32_t id) {
  for (std::size_t period = kShortest; period <= std::min<std::uint64_t>(kLongest, count_); ++period) {
    repeats_[period] = at(period) == id ? repeats_[period] + 1 : 0;
  }
  recent_[count_ % kLongest] = id;
  ++count_;
}

}  // namespace longplay
