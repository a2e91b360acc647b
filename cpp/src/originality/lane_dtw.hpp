// DTW of one window against kLanes others at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "originality/windows.hpp"

namespace longplay {

// The anti-diagonals of the DTW matrix, kLanes matrices side by side. Cell (i, j) needs the cells (i - 1, j)
// and (i, j - 1) of the diagonal before it, and (i - 1, j - 1) of the one before that. So one flat loop
// computes a diagonal of all lanes, and any compiler vectorises it.
//
// A Cell holds sums up to kCap. Every value from kCap on means "kCap or more"; kCap + 127 still fits a Cell.
template <typename Cell>
class LaneDtw {
 public:
  static constexpr std::size_t kLanes = WindowSearch::kLanes;
  static constexpr Cell kCap = static_cast<Cell>(static_cast<Cell>(~Cell{0}) - 127);

  LaneDtw(std::span<const std::uint8_t> query, int band);

  // lanes: shape (steps, kLanes), each window reversed. Returns one distance per lane, or nullptr if none
  // is below `limit`, which is at most kCap.
  const Cell* distances(const std::uint8_t* lanes, Cell limit);

 private:
  std::size_t steps_;
  std::size_t band_;
  std::vector<std::uint8_t> query_;  // each value kLanes times
  // Diagonals by row, with a row of kCap before the first and after the last.
  std::array<std::vector<Cell>, 3> diagonals_;
};

extern template class LaneDtw<std::uint8_t>;
extern template class LaneDtw<std::uint16_t>;

}  // namespace longplay
