// The generators of an engine: created when first needed, kept for the next job.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "generator/generator.hpp"
#include "generator/list_queue.hpp"

namespace longplay {

inline constexpr int kRowsPerThread = 64;  // more rows do not increase the throughput of a CPU

class GeneratorPool {
 public:
  GeneratorPool(std::shared_ptr<const Runtime> runtime, std::shared_ptr<const ModelFiles> files,
                const Device& device)
      : runtime_(std::move(runtime)), files_(std::move(files)), device_(device) {}

  const ModelConfig& config() const { return files_->config; }

  // Throws Error in a forked child, Ending while the process ends.
  void require_usable() const {
    process_.require_current();
    Work::require_not_ending();
  }

  // Returns a generator for at least `rows` rows. The caller must give it back. Throws Cancelled if a stop is
  // requested while a model is opened.
  std::unique_ptr<Generator> acquire(int rows, Stop& stop) {
    process_.require_current();
    {
      const std::lock_guard lock(mutex_);
      const auto fits =
          std::ranges::find_if(idle_, [&](const auto& g) { return g->model().max_batch() >= rows; });
      if (fits != idle_.end()) {
        auto found = std::move(*fits);
        idle_.erase(fits);
        return found;
      }
      if (!idle_.empty()) {  // too small: a new one replaces it
        copies_of_gone_ += idle_.back()->model().row_copies();
        idle_.pop_back();
      }
    }
    auto model = std::make_unique<Model>(runtime_, files_, device_, rows, stop);
    auto critic = config().critic ? std::make_unique<Critic>(runtime_, *files_) : nullptr;
    return std::make_unique<Generator>(std::move(model), std::move(critic));
  }

  void give_back(std::unique_ptr<Generator> generator, const LoopTime& worked = {}) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(generator));
    time_ += worked;
  }

  // Runs requests side by side in the caller's thread. Throws Cancelled if a stop is requested.
  std::vector<GenerationResult> run(std::span<const Request> requests, Stop& stop) {
    const Work work(stop);
    ListQueue queue(requests);
    int rows = 0;
    for (const Request& request : requests) rows += request.search * request.rows(config());
    rows = std::min(rows, kRowsPerThread);
    auto generator = acquire(rows, stop);
    const LoopTime worked = generator->run(queue, rows, stop);
    give_back(std::move(generator), worked);
    stop.check();
    return std::move(queue.drawn);
  }

  LoopTime time() const {
    process_.require_current();
    const std::lock_guard lock(mutex_);
    return time_;
  }

  std::uint64_t row_copies() const {
    process_.require_current();
    const std::lock_guard lock(mutex_);
    std::uint64_t copies = copies_of_gone_;
    for (const auto& generator : idle_) copies += generator->model().row_copies();
    return copies;
  }

 private:
  std::shared_ptr<const Runtime> runtime_;
  std::shared_ptr<const ModelFiles> files_;
  Device device_;
  Process process_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Generator>> idle_;
  LoopTime time_;
  std::uint64_t copies_of_gone_ = 0;
};

}  // namespace longplay
