// Forks, and work that must finish before the process ends.
#pragma once

namespace longplay {

// The process that an object was made in. A forked child inherits the object without the threads that work
// for it, and may inherit a lock that one of those threads holds.
class Process {
 public:
  Process() noexcept;

  bool is_current() const noexcept { return forks_ == forks_so_far(); }
  // Throws Error in a forked child. Call it before any lock is taken.
  void require_current() const;

 private:
  static unsigned forks_so_far() noexcept;

  unsigned forks_;
};

// Call once ONNX Runtime is open. From then on Process notices forks, and a forked child that calls exit()
// skips the destructors of shared libraries: those of ONNX Runtime wait for a thread that only the parent
// has.
void watch_forks();

// A scope that uses ONNX Runtime. Its libraries are taken down when the process ends, so no work may be under
// way then.
class Work {
 public:
  Work();  // throws as require_not_ending does
  ~Work();
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // Whether all work must stop. Checked every few steps.
  static bool ending() noexcept;
  // Throws Ending if all work must stop.
  static void require_not_ending();
  // Stops all work for good. Returns once all work has stopped.
  static void end() noexcept;
};

}  // namespace longplay
