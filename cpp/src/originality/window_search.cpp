#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/require.hpp"
#include "originality/lane_dtw.hpp"
#include "originality/windows.hpp"

namespace longplay {
namespace {

// Returns the distance of a value from [low, high].
std::uint32_t outside(std::uint8_t value, std::uint8_t low, std::uint8_t high) {
  return value < low ? low - value : value > high ? value - high : 0;
}

// Joins its thread at the end, as std::jthread, which clang's standard library lacks.
class JoinedThread {
 public:
  template <typename Work>
  explicit JoinedThread(const Work& work) : thread_(work) {}
  JoinedThread(JoinedThread&&) = default;
  ~JoinedThread() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

// Calls `work(i)` for each i below `count`, on `num_threads` threads.
template <typename Work>
void for_each_number(std::size_t count, int num_threads, const Work& work) {
  require_at_least("num_threads", num_threads, 0);
  const std::size_t wanted = num_threads > 0 ? static_cast<std::size_t>(num_threads)
                                             : std::max(1U, std::thread::hardware_concurrency());
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto loop = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  std::vector<JoinedThread> threads;
  for (std::size_t i = 1; i < std::min(wanted, count); ++i) threads.emplace_back(std::cref(loop));
  loop();
  threads.clear();  // joins
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

WindowSearch::WindowSearch(std::span<const std::uint8_t> series, std::span<const std::uint32_t> starts,
                           WindowShape shape)
    : shape_(shape), starts_(starts.begin(), starts.end()) {
  shape.validate();
  const auto steps = static_cast<std::size_t>(shape.steps);
  for (const std::uint32_t start : starts) {
    require_window(series, start, shape.steps);
  }
  const std::size_t batches = (starts.size() + kLanes - 1) / kLanes;
  starts_.resize(batches * kLanes, kNone);
  lanes_.resize(batches * steps * kLanes);
  bounds_.resize(batches, {{255, 0}, {255, 0}, 255, 0, 255, 0});
  for (std::size_t at = 0; at < starts_.size(); ++at) {
    const std::size_t batch = at / kLanes;
    // Copies of the last window pad the last batch.
    const auto window = series.subspan(starts[std::min(at, starts.size() - 1)], steps);
    const auto [low, high] = std::minmax_element(window.begin(), window.end());
    require_range<int>("pitches", *high, 0, 127);
    Bounds& bounds = bounds_[batch];
    bounds.first[0] = std::min(bounds.first[0], window.front());
    bounds.first[1] = std::max(bounds.first[1], window.front());
    bounds.last[0] = std::min(bounds.last[0], window.back());
    bounds.last[1] = std::max(bounds.last[1], window.back());
    bounds.low = std::min(bounds.low, *low);
    bounds.high = std::max(bounds.high, *high);
    bounds.top = std::min(bounds.top, *high);
    bounds.bottom = std::max(bounds.bottom, *low);
    std::uint8_t* lane = lanes_.data() + batch * steps * kLanes + at % kLanes;
    for (std::size_t step = 0; step < steps; ++step) lane[(steps - 1 - step) * kLanes] = window[step];
  }
}

// The search for one query.
class WindowSearch::Query {
 public:
  Query(const WindowSearch& search, std::span<const std::uint8_t> values, Excluded excluded)
      : search_(search), values_(values), excluded_(excluded) {
    std::tie(low_, high_) = [&] {
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      return std::pair{*low, *high};
    }();
    require_range<int>("pitches", high_, 0, 127);
    // The sums of the distances of the inner values above and below each pitch.
    for (const std::uint8_t value : values.subspan(1, values.size() - 2)) {
      for (std::size_t pitch = 0; pitch < value; ++pitch)
        above_[pitch] += static_cast<std::uint32_t>(value - pitch);
      for (std::size_t pitch = value + std::size_t{1}; pitch < 128; ++pitch)
        below_[pitch] += static_cast<std::uint32_t>(pitch - value);
    }
    order_.reserve(search.bounds_.size());
    for (std::size_t batch = 0; batch < search.bounds_.size(); ++batch)
      order_.push_back({bound(search.bounds_[batch]), static_cast<std::uint32_t>(batch)});
  }

  Nearest nearest(const Stop& stop) {
    Nearest best = look<std::uint8_t>(stop);  // the distance nearly always fits a byte
    if (best.start == kNone) best = look<std::uint16_t>(stop);
    return best;
  }

 private:
  struct Turn {
    std::uint32_t bound;
    std::uint32_t batch;
    bool operator<(const Turn& other) const {
      return bound != other.bound ? bound < other.bound : batch < other.batch;
    }
  };

  // Returns a lower bound of the distances of the batch. A path begins with a pair of firsts and ends with a
  // pair of lasts, and every value of either window is in a pair. Source: Kim, Park and Chu, "An Index-Based
  // Approach for Similarity Search Supporting Time Warping", ICDE 2001.
  std::uint32_t bound(const Bounds& bounds) const {
    const std::uint32_t from_query = outside(values_.front(), bounds.first[0], bounds.first[1]) +
                                     outside(values_.back(), bounds.last[0], bounds.last[1]) +
                                     above_[bounds.high] + below_[bounds.low];
    const std::uint32_t from_batch =
        std::max(outside(bounds.top, 0, high_), outside(bounds.bottom, low_, 255));
    return std::max(from_query, from_batch);
  }

  template <typename Cell>
  Nearest look(const Stop& stop) {
    const auto steps = static_cast<std::size_t>(search_.shape_.steps);
    LaneDtw<Cell> dtw(values_, search_.shape_.band);
    Nearest best{kNone, LaneDtw<Cell>::kCap};
    // Most batches are never compared, so sort a few at a time.
    std::size_t sorted = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      stop.check();
      if (i == sorted) {
        sorted = std::min(order_.size(), 2 * sorted + 256);
        std::partial_sort(order_.begin() + static_cast<std::ptrdiff_t>(i),
                          order_.begin() + static_cast<std::ptrdiff_t>(sorted), order_.end());
      }
      if (order_[i].bound >= best.distance) break;
      const std::size_t batch = order_[i].batch;
      const Cell* distances =
          dtw.distances(search_.lanes_.data() + batch * steps * kLanes, static_cast<Cell>(best.distance));
      if (distances == nullptr) continue;
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::uint32_t start = search_.starts_[batch * kLanes + lane];
        if (distances[lane] >= best.distance || start == kNone) continue;
        if (start >= excluded_.begin && start < excluded_.end) continue;
        best = {start, distances[lane]};
      }
    }
    return best;
  }

  const WindowSearch& search_;
  std::span<const std::uint8_t> values_;
  Excluded excluded_;
  std::uint8_t low_, high_;
  std::uint32_t above_[128] = {};
  std::uint32_t below_[128] = {};
  std::vector<Turn> order_;
};

std::vector<WindowSearch::Nearest> WindowSearch::nearest(std::span<const std::uint8_t> queries,
                                                         std::span<const Excluded> excluded, int num_threads,
                                                         const Stop& stop) const {
  const auto steps = static_cast<std::size_t>(shape_.steps);
  if (queries.size() % steps != 0)
    refuse("queries must hold " + std::to_string(steps) + " values per query", queries.size());
  const std::size_t count = queries.size() / steps;
  if (!excluded.empty()) require_entries("excluded", excluded.size(), count);
  std::vector<Nearest> found(count);
  for_each_number(count, num_threads, [&](std::size_t i) {
    Query query(*this, queries.subspan(i * steps, steps), excluded.empty() ? Excluded{} : excluded[i]);
    found[i] = query.nearest(stop);
  });
  return found;
}

}  // namespace longplay
