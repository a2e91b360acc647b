// Random numbers for tests of kernels.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace longplay::operators {

class Numbers {
 public:
  std::vector<float> floats(std::size_t count, float most) {
    std::uniform_real_distribution<float> some(-most, most);
    std::vector<float> made(count);
    for (float& one : made) one = some(engine_);
    return made;
  }
  template <typename T>
  std::vector<T> integers(std::size_t count, int lowest, int highest) {
    std::uniform_int_distribution<int> some(lowest, highest);
    std::vector<T> made(count);
    for (T& one : made) one = static_cast<T>(some(engine_));
    return made;
  }

 private:
  std::mt19937 engine_{1};
};

}  // namespace longplay::operators
