#include <algorithm>
#include <stdexcept>
#include <string>

#include "originality/windows.hpp"

namespace longplay {

void WindowShape::validate() const {
  if (steps < 2 || steps > kMaxSteps)
    throw std::invalid_argument("steps must be in [2, " + std::to_string(kMaxSteps) + "], not " +
                                std::to_string(steps));
  if (band < 0) throw std::invalid_argument("band must be at least 0, not " + std::to_string(band));
}

std::uint32_t dtw_distance(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y, int band) {
  WindowShape{.steps = static_cast<int>(std::min<std::size_t>(x.size(), WindowShape::kMaxSteps + 1)),
              .band = band}
      .validate();
  if (x.size() != y.size())
    throw std::invalid_argument("windows must have one length, not " + std::to_string(x.size()) + " and " +
                                std::to_string(y.size()));
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
