#include "longplay/loop_guard.hpp"

#include <algorithm>
#include <limits>

namespace longplay {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

// Forbids an id, unless no other is left.
void close(std::int32_t id, std::span<float> bias) {
  float& next = bias[static_cast<std::size_t>(id)];
  const float before = next;
  next = kForbidden;
  const auto open = [](float b) { return b != kForbidden; };
  if (std::none_of(bias.begin(), bias.end(), open)) next = before;
}

}  // namespace

void LoopGuard::forbid(std::span<float> bias) const {
  // Three runs of L are 2L ids in a row that equal the one L before them.
  for (std::size_t period = kShortest; period <= std::min<std::uint64_t>(kLongest, count_); ++period) {
    if (repeats_[period] + 1 < 2 * period) continue;
    close(at(period), bias);
  }
}

void LoopGuard::forbid_last(std::size_t count, std::span<float> bias) const {
  for (std::size_t ago = 1; ago <= std::min<std::uint64_t>({count, count_, kLongest}); ++ago)
    close(at(ago), bias);
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
