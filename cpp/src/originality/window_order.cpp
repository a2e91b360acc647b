#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "originality/windows.hpp"

namespace longplay {
namespace {

// Features in which similar windows agree: their ends, their range, and values in between.
constexpr std::size_t kFeatures = 7;
using Features = std::array<std::uint8_t, kFeatures>;

struct Window {
  Features features;
  std::uint32_t start;
};

Features features_of(std::span<const std::uint8_t> window) {
  const std::size_t steps = window.size();
  const auto [low, high] = std::minmax_element(window.begin(), window.end());
  return {window.front(),    window.back(),        *low, *high, window[steps / 4],
          window[steps / 2], window[3 * steps / 4]};
}

// Splits at the median of the feature with the widest spread, until each part fits into a batch.
void split(std::span<Window> windows, const Stop& stop) {
  constexpr std::size_t kLanes = WindowSearch::kLanes;
  stop.check();
  if (windows.size() <= kLanes) return;
  Features least = windows.front().features;
  Features greatest = least;
  for (const Window& window : windows) {
    for (std::size_t f = 0; f < kFeatures; ++f) {
      least[f] = std::min(least[f], window.features[f]);
      greatest[f] = std::max(greatest[f], window.features[f]);
    }
  }
  std::size_t widest = 0;
  for (std::size_t f = 1; f < kFeatures; ++f)
    if (greatest[f] - least[f] > greatest[widest] - least[widest]) widest = f;
  // Whole batches on the left, so that batches do not straddle parts.
  const std::size_t half = (windows.size() / kLanes + 1) / 2 * kLanes;
  const auto middle = windows.begin() + static_cast<std::ptrdiff_t>(half);
  std::nth_element(windows.begin(), middle, windows.end(), [widest](const Window& a, const Window& b) {
    return a.features[widest] != b.features[widest] ? a.features[widest] < b.features[widest]
                                                    : a.start < b.start;
  });
  split(windows.first(half), stop);
  split(windows.subspan(half), stop);
}

}  // namespace

std::vector<std::uint32_t> order_windows(std::span<const std::uint8_t> series,
                                         std::span<const std::uint32_t> starts, int steps, const Stop& stop) {
  WindowShape{.steps = steps, .band = 0}.validate();
  const auto length = static_cast<std::size_t>(steps);
  std::vector<Window> windows;
  windows.reserve(starts.size());
  for (const std::uint32_t start : starts) {
    require_window(series, start, steps);
    windows.push_back({features_of(series.subspan(start, length)), start});
  }
  split(windows, stop);
  std::vector<std::uint32_t> ordered;
  ordered.reserve(windows.size());
  for (const Window& window : windows) ordered.push_back(window.start);
  return ordered;
}

}  // namespace longplay
