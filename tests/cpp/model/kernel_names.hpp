// The kernels' names as GoogleTest allows them: letters and digits.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

#include "model/operators/kernels.hpp"

namespace longplay::operators {

inline std::string name_of(const Kernels& kernels) {
  std::string name = kernels.name;
  std::erase_if(name, [](unsigned char letter) { return std::isalnum(letter) == 0; });
  return name;
}

}  // namespace longplay::operators
