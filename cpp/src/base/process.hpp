// Forks.
#pragma once

namespace longplay {

// The process that an object was made in. A forked child inherits the object without the threads that work
// for it, and may inherit a lock that one of those threads holds.
class Process {
 public:
  Process();

  bool is_current() const noexcept { return forks_ == forks_so_far(); }
  // Throws Error in a forked child. Call it before any lock is taken.
  void require_current() const;

 private:
  static unsigned forks_so_far() noexcept;

  unsigned forks_;
};

// Call once ONNX Runtime is open. From then on, a forked child that calls exit() skips the destructors of
// shared libraries. Those of ONNX Runtime would wait for a thread that only the parent has.
void skip_destructors_in_children();

}  // namespace longplay
