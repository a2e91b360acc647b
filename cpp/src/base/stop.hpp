// Requests to stop work: by a caller who cancels it, or because the process ends.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

namespace longplay {

// A request to stop one piece of work. Any thread may make it; it cannot be taken back.
class Stop {
 public:
  Stop() = default;
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  void request();
  // Throws Ending if all work must stop, Cancelled if this work must.
  void check() const {
    if (requested()) refuse();
  }

  // Until the end of its scope, a request calls `action`, in the thread that makes the request.
  class Action {
   public:
    Action(Stop& stop, std::function<void()> action);
    ~Action();
    Action(const Action&) = delete;
    Action& operator=(const Action&) = delete;

   private:
    friend class Stop;
    Stop& stop_;
    std::function<void()> action_;
  };

 private:
  [[noreturn]] static void refuse();

  std::atomic<bool> requested_ = false;
  std::mutex mutex_;  // guards the actions
  std::vector<const Action*> actions_;
};

// A scope that uses ONNX Runtime. Its libraries are taken down when the process ends, so no work may be under
// way then.
class Work {
 public:
  explicit Work(Stop& stop);  // throws as require_not_ending does
  ~Work();
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // Throws Ending if all work must stop.
  static void require_not_ending();
  // Stops all work for good. Returns once all work has stopped.
  static void end();

  // Around a fork: a child has none of the threads whose work was under way.
  static void before_fork();
  static void after_fork_in_parent();
  static void after_fork_in_child();

 private:
  Stop& stop_;
};

}  // namespace longplay
