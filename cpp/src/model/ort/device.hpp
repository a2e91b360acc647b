// Where a model runs, and the types of its tensors' elements.
#pragma once

#include <array>
#include <cstddef>

namespace longplay {

struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;         // number of the GPU, from 0
  bool capture = false;  // record a step of all rows as a CUDA graph, and replay it
};

enum class ElementType { float32, int32, int64, uint8 };

constexpr const char* type_name(ElementType type) {
  constexpr std::array kNames{"float32", "int32", "int64", "uint8"};
  return kNames[static_cast<std::size_t>(type)];
}

constexpr std::size_t byte_size(ElementType type) {
  constexpr std::array<std::size_t, 4> kSizes{4, 4, 8, 1};
  return kSizes[static_cast<std::size_t>(type)];
}

}  // namespace longplay
