#include "base/stop.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/ending.hpp"
#include "base/error.hpp"

namespace longplay {
namespace {

std::atomic<bool> all_ending = false;
std::mutex mutex;              // guards the list below
std::vector<Stop*> under_way;  // one for each object of Work

}  // namespace

void Stop::request() {
  const std::lock_guard lock(mutex_);
  if (requested_.exchange(true)) return;
  for (const Action* one : actions_) one->action_();
}

void Stop::refuse() {
  Work::require_not_ending();
  throw Cancelled();
}

Stop::Action::Action(Stop& stop, std::function<void()> action) : stop_(stop), action_(std::move(action)) {
  const std::lock_guard lock(stop_.mutex_);
  if (stop_.requested()) action_();
  stop_.actions_.push_back(this);
}

Stop::Action::~Action() {
  const std::lock_guard lock(stop_.mutex_);
  std::erase(stop_.actions_, this);
}

Work::Work(Stop& stop) : stop_(stop) {
  const std::lock_guard lock(mutex);
  require_not_ending();
  under_way.push_back(&stop_);
}

Work::~Work() {
  const std::lock_guard lock(mutex);
  under_way.erase(std::ranges::find(under_way, &stop_));
}

void Work::require_not_ending() {
  if (all_ending) throw Ending();
}

void Work::end() {
  all_ending = true;
  while (true) {
    {
      const std::lock_guard lock(mutex);
      if (under_way.empty()) return;
      for (Stop* stop : under_way) stop->request();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Work::before_fork() { mutex.lock(); }

void Work::after_fork_in_parent() { mutex.unlock(); }

void Work::after_fork_in_child() {
  under_way.clear();
  mutex.unlock();
}

}  // namespace longplay
