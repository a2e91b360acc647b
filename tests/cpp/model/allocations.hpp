// Counts what operator new is asked for.
#pragma once

#include <cstddef>

namespace longplay::test {

// Allocations of this thread while it lives. Those inside of ONNX Runtime are counted apart.
class Allocations {
 public:
  Allocations();
  ~Allocations();
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;

  std::size_t ours() const;
  std::size_t runtimes() const;
};

}  // namespace longplay::test
