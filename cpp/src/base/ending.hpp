// Thrown if work is requested while the process ends.
#pragma once

#include <exception>

namespace longplay {

// Python gets it as SystemExit, which ends a thread in silence.
class Ending : public std::exception {
 public:
  const char* what() const noexcept override { return "the process is ending, so no more music is made"; }
};

}  // namespace longplay
