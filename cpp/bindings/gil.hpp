// The global interpreter lock (GIL), released while the core works.
#pragma once

#include <Python.h>

#include <chrono>
#include <thread>

namespace longplay {

// Releases the GIL until the end of the scope. While Python ends, a daemon thread that takes the GIL is ended
// by an exception that no C++ destructor lets through: the program would abort. Such a thread waits here
// until the process has ended, as it does from Python 3.14 on.
class ReleasedGil {
 public:
  ReleasedGil() : state_(PyEval_SaveThread()) {}
  ~ReleasedGil() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      while (true) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }
  ReleasedGil(const ReleasedGil&) = delete;
  ReleasedGil& operator=(const ReleasedGil&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace longplay
