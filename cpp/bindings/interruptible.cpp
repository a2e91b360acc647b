#include "interruptible.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/process.hpp"

namespace longplay {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks(10);

// A thread that does the work of one caller at a time. It is never joined: it waits for the next caller until
// the process ends.
class Helper {
 public:
  Helper() : thread_(&Helper::loop, this) {}

  void start(const std::function<void()>& work) {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    changed_.notify_all();
  }

  // Whether the work is over, after waiting for a short while.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kBetweenLooks, [this] { return !work_; });
  }

  // The exception of the work, if it threw one.
  std::exception_ptr failure() { return std::exchange(failure_, nullptr); }

 private:
  void loop() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return work_; });
      lock.unlock();
      std::exception_ptr failure;
      try {
        (*work_)();
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      failure_ = std::move(failure);
      work_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  const std::function<void()>* work_ = nullptr;
  std::exception_ptr failure_;
  std::thread thread_;
};

// The helpers of this process that are idle. A forked child makes its own.
struct Idle {
  Process process;
  std::mutex mutex;
  std::vector<std::unique_ptr<Helper>> helpers;
};

Idle& idle() {
  static std::atomic<Idle*> of_process = new Idle;
  Idle* found = of_process;
  if (!found->process.is_current()) {
    auto made = std::make_unique<Idle>();
    if (of_process.compare_exchange_strong(found, made.get())) found = made.release();
  }
  return *found;
}

std::unique_ptr<Helper> take_helper() {
  Idle& all = idle();
  const std::lock_guard lock(all.mutex);
  if (all.helpers.empty()) return std::make_unique<Helper>();
  auto helper = std::move(all.helpers.back());
  all.helpers.pop_back();
  return helper;
}

void give_back(std::unique_ptr<Helper> helper) {
  Idle& all = idle();
  const std::lock_guard lock(all.mutex);
  all.helpers.push_back(std::move(helper));
}

void check(const py::object& cancel) {
  if (!cancel.is_none() && cancel.attr("is_set")().cast<bool>()) throw Cancelled();
}

// Returns why the caller's work must stop, or null.
std::exception_ptr look(const py::object& cancel) {
  try {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    check(cancel);
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

void run_interruptibly(const py::object& cancel, Stop& stop, const std::function<void()>& work) {
  check(cancel);
  auto helper = take_helper();
  helper->start(work);
  std::exception_ptr interruption;
  while (true) {
    {
      const ReleasedGil nogil;
      if (helper->wait()) break;
    }
    if (interruption) continue;
    interruption = look(cancel);
    if (interruption) stop.request();
  }
  std::exception_ptr failure = helper->failure();
  give_back(std::move(helper));
  if (interruption) std::rethrow_exception(interruption);
  if (failure && stop.requested()) Work::require_not_ending();  // it stopped because the process ends
  if (failure) std::rethrow_exception(failure);
}

}  // namespace longplay
