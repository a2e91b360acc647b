#include "base/process.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include "base/ending.hpp"
#include "base/error.hpp"

#ifndef _WIN32
#include <pthread.h>
#endif
#ifdef __GLIBC__
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#endif

namespace longplay {
namespace {

std::atomic<unsigned> forks = 0;  // from the process that opened ONNX Runtime to this one
std::atomic<int> under_way = 0;   // objects of Work
std::atomic<bool> all_ending = false;

#ifdef __GLIBC__
void exit_at_once(int status, void*) {
  std::fflush(nullptr);
  _exit(status);
}
#endif

#ifndef _WIN32
void after_fork_in_child() {
  ++forks;
  under_way = 0;  // by threads that this process does not have
#ifdef __GLIBC__
  on_exit(exit_at_once, nullptr);  // the handler added last runs first
#endif
}
#endif

}  // namespace

Process::Process() noexcept : forks_(forks_so_far()) {}

unsigned Process::forks_so_far() noexcept { return forks; }

void Process::require_current() const {
  if (is_current()) return;
  throw Error(
      "the engine cannot be used in a process forked from the one that made it; to fix this, make an Engine "
      "in the new process, or start processes by the method 'spawn'");
}

void watch_forks() {
#ifndef _WIN32
  [[maybe_unused]] static const int watched = pthread_atfork(nullptr, nullptr, after_fork_in_child);
#endif
}

Work::Work() {
  ++under_way;
  try {
    require_not_ending();
  } catch (...) {
    --under_way;
    throw;
  }
}

Work::~Work() { --under_way; }

bool Work::ending() noexcept { return all_ending; }

void Work::require_not_ending() {
  if (all_ending) throw Ending();
}

void Work::end() noexcept {
  all_ending = true;
  while (under_way > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace longplay
