#include "form/waiting.hpp"

#include <algorithm>
#include <cmath>

namespace longplay {
namespace {

constexpr std::int64_t kUnit = 1 << 16;
constexpr std::int64_t kWindowMs = 4'000;
constexpr double kNatsPerOctave = 10;
constexpr double kMostNats = 8;

}  // namespace

Waiting::Waiting(double per_second)
    : expected_(static_cast<std::int64_t>(per_second * kWindowMs / 1000 * kUnit)), added_(expected_) {}

void Waiting::push(std::int64_t passed_ms, bool is_added) {
  added_ -= added_ / kWindowMs * std::min(passed_ms, kWindowMs);
  if (is_added) added_ += kUnit;
}

float Waiting::nats() const {
  if (expected_ == 0) return 0;
  const auto ratio = static_cast<double>(added_ + kUnit) / static_cast<double>(expected_ + kUnit);
  return static_cast<float>(std::clamp(kNatsPerOctave * std::log2(ratio), -kMostNats, kMostNats));
}

}  // namespace longplay
