// Floor 3: how close a window of music comes to the windows of a training set, by dynamic time
// warping over a series of pitches (docs/originality.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "score/score.hpp"

namespace longplay {

enum class PitchSeries {
  sounding,  // the highest pitch that sounds; 0 where nothing does
  struck,    // the highest pitch of those struck last; 0 before the first
};

// One pitch per step of `step_ms`; onsets and ends are rounded to steps, and a note lasts at least one.
// Throws std::invalid_argument for a step below 10 ms.
std::vector<std::uint8_t> pitch_series(std::span<const Note> notes, PitchSeries kind, std::int64_t step_ms);

// A window is `steps` values of a series, in [0, 127].
struct WindowShape {
  static constexpr int kMaxSteps = 256;
  int steps = 40;  // in [2, kMaxSteps]
  int band = 0;    // how far apart, in steps, warping may pair values; 0 for any distance

  // Throws std::invalid_argument that names the field, its range and its value.
  void validate() const;
};

// DTW(x, y): the least sum of |x_i - y_j| over warping paths with steps (0, 1), (1, 0) and (1, 1). Plain, for
// one pair; what WindowSearch is measured against.
std::uint32_t dtw_distance(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y, int band = 0);

// Where windows start, in an order that brings like windows together: what WindowSearch is fast with.
// Throws std::invalid_argument when a window goes past the series.
std::vector<std::uint32_t> order_windows(std::span<const std::uint8_t> series,
                                         std::span<const std::uint32_t> starts, int steps);

// The nearest of many windows, exactly.
//
// Windows are compared kLanes at a time, one per vector lane, and best first by a lower bound; a batch is
// given up as soon as no path can beat the best so far. Safe to use from several threads at once.
class WindowSearch {
 public:
  static constexpr std::size_t kLanes = 32;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Nearest {
    std::uint32_t start;     // of the window, in the series; kNone when all windows were excluded
    std::uint32_t distance;  // DTW
  };
  // Windows that start in [begin, end) are passed over.
  struct Excluded {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  // Copies the windows. Throws std::invalid_argument when one goes past the series or holds a value above
  // 127.
  WindowSearch(std::span<const std::uint8_t> series, std::span<const std::uint32_t> starts,
               WindowShape shape);

  // queries: shape (queries, steps). excluded: one for each query, or none at all. num_threads: 0 takes one
  // per core. Which of several nearest windows is given depends on the order of the windows alone.
  std::vector<Nearest> nearest(std::span<const std::uint8_t> queries, std::span<const Excluded> excluded,
                               int num_threads) const;

 private:
  // What is known of a batch without looking at its windows.
  struct Bounds {
    std::uint8_t first[2], last[2];  // least and greatest
    std::uint8_t low, high;          // of all values
    std::uint8_t top, bottom;        // every window reaches up to `top`, and down to `bottom`
  };

  class Query;

  WindowShape shape_;
  std::vector<std::uint32_t> starts_;  // kNone pads the last batch
  std::vector<std::uint8_t> lanes_;    // (batches, steps, kLanes), each window backwards
  std::vector<Bounds> bounds_;         // one per batch
};

}  // namespace longplay
