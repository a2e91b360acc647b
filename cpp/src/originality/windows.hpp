// Distances between windows of music and those of a training set, by dynamic time warping (DTW) of pitch
// series (docs/originality.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/note.hpp"
#include "base/stop.hpp"

namespace longplay {

enum class PitchSeries {
  sounding,  // the highest sounding pitch; 0 in silence
  struck,    // the highest pitch of the last onset; 0 before the first onset
};

// One pitch per step of `step_ms`; onsets and ends are rounded to steps, and a note lasts at least one.
// Throws std::invalid_argument for a step below 10 ms.
std::vector<std::uint8_t> pitch_series(std::span<const Note> notes, PitchSeries kind, std::int64_t step_ms);

// A window is `steps` values of a series, in [0, 127].
struct WindowShape {
  static constexpr int kMaxSteps = 256;
  int steps;  // in [2, kMaxSteps]
  int band;   // longest distance in steps between paired values; 0 for no limit

  // Throws std::invalid_argument that names the field, its range and its value.
  void validate() const;
};

// Throws std::invalid_argument unless the window of `steps` values from `start` is within the series.
void require_window(std::span<const std::uint8_t> series, std::uint32_t start, int steps);

// DTW(x, y): the least sum of |x_i - y_j| over warping paths with steps (0, 1), (1, 0) and (1, 1). A plain
// implementation for one pair, the reference for WindowSearch.
std::uint32_t dtw_distance(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y, int band);

// Returns the starts of windows in an order that puts similar windows together, with which WindowSearch is
// fast. Throws std::invalid_argument if a window exceeds the series, Cancelled if a stop is requested.
std::vector<std::uint32_t> order_windows(std::span<const std::uint8_t> series,
                                         std::span<const std::uint32_t> starts, int steps, const Stop& stop);

// Finds the nearest of many windows, exactly.
//
// Compares kLanes windows at a time, one per vector lane, in the order of a lower bound. Abandons a batch as
// soon as no path can be better than the best one so far. Safe to use from several threads at once.
class WindowSearch {
 public:
  static constexpr std::size_t kLanes = 32;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Nearest {
    std::uint32_t start;     // of the window, in the series; kNone if all windows are excluded
    std::uint32_t distance;  // DTW
  };
  // Skips windows that start in [begin, end).
  struct Excluded {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  // Copies the windows. Throws std::invalid_argument if a window exceeds the series or has a value above 127.
  WindowSearch(std::span<const std::uint8_t> series, std::span<const std::uint32_t> starts,
               WindowShape shape);

  // queries: shape (queries, steps). excluded: empty, or one for each query. num_threads: 0 uses one per
  // core. Which of several nearest windows is returned depends only on the order of the windows. Throws
  // Cancelled if a stop is requested.
  std::vector<Nearest> nearest(std::span<const std::uint8_t> queries, std::span<const Excluded> excluded,
                               int num_threads, const Stop& stop) const;

 private:
  // Bounds of the values of a batch.
  struct Bounds {
    std::uint8_t first[2], last[2];  // minimum and maximum
    std::uint8_t low, high;          // minimum and maximum of all values
    std::uint8_t top, bottom;        // every window reaches up to `top`, and down to `bottom`
  };

  class Query;

  WindowShape shape_;
  std::vector<std::uint32_t> starts_;  // kNone pads the last batch
  std::vector<std::uint8_t> lanes_;    // (batches, steps, kLanes), each window backwards
  std::vector<Bounds> bounds_;         // one per batch
};

}  // namespace longplay
