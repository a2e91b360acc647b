#include <algorithm>

#include <string>

#include "base/require.hpp"
#include "originality/windows.hpp"

namespace longplay {

void WindowShape::validate() const {
  require_range("steps", steps, 2, kMaxSteps);
  require_at_least("band", band, 0);
}

void require_window(std::span<const std::uint8_t> series, std::uint32_t start, int steps) {
  if (start + static_cast<std::uint64_t>(steps) <= series.size()) return;
  refuse("a window must be within the series of " + std::to_string(series.size()) + " steps",
         "from " + std::to_string(start) + " on");
}

std::uint32_t dtw_distance(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y, int band) {
  WindowShape{.steps = static_cast<int>(std::min<std::size_t>(x.size(), WindowShape::kMaxSteps + 1)),
              .band = band}
      .validate();
  require_entries("y", y.size(), x.size());
  constexpr std::uint32_t kFar = UINT32_MAX / 2;
  const auto steps = static_cast<int>(x.size());
  const int reach = band > 0 ? band : steps;
  std::vector<std::uint32_t> row(x.size() + 1, kFar);
  row[0] = 0;
  for (int i = 0; i < steps; ++i) {
    std::uint32_t corner = row[0];
    row[0] = kFar;
    for (int j = 0; j < steps; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const int difference = x[static_cast<std::size_t>(i)] - y[at];
      const std::uint32_t before = std::min({corner, row[at], row[at + 1]});
      corner = row[at + 1];
      row[at + 1] =
          std::abs(i - j) <= reach ? before + static_cast<std::uint32_t>(std::abs(difference)) : kFar;
    }
  }
  return row.back();
}

}  // namespace longplay
