#include "base/process.hpp"

#include <atomic>

#include "base/error.hpp"
#include "base/stop.hpp"

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

std::atomic<unsigned> forks = 0;  // from the process that made the first object to this one
std::atomic<bool> skips_destructors = false;

#ifdef __GLIBC__
void exit_at_once(int status, void*) {
  std::fflush(nullptr);
  _exit(status);
}
#endif

#ifndef _WIN32
void after_fork_in_child() {
  ++forks;
  Work::after_fork_in_child();
#ifdef __GLIBC__
  if (skips_destructors) on_exit(exit_at_once, nullptr);  // the handler added last runs first
#endif
}
#endif

void watch_forks() {
#ifndef _WIN32
  [[maybe_unused]] static const int watched =
      pthread_atfork(Work::before_fork, Work::after_fork_in_parent, after_fork_in_child);
#endif
}

}  // namespace

Process::Process() {
  watch_forks();
  forks_ = forks_so_far();
}

unsigned Process::forks_so_far() noexcept { return forks; }

void Process::require_current() const {
  if (is_current()) return;
  throw Error(
      "the engine cannot be used in a process forked from the one that made it; to fix this, make an Engine "
      "in the new process, or start processes by the method 'spawn'");
}

void skip_destructors_in_children() { skips_destructors = true; }

}  // namespace longplay
