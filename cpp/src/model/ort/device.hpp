// Where a model runs, and the types of its tensors' elements.
#pragma once

#include <array>
#include <cstddef>

namespace longplay {

struct Device {
  enum class Kind { cpu, cuda };
  Kind kind;
  int index;     // number of the GPU, from 0
  bool capture;  // record a step of all rows as a CUDA graph, and replay it

  static constexpr Device cpu() { return {Kind::cpu, 0, false}; }
};

enum class ElementType { float32, int32, int64, uint8, float16, int8 };

inline constexpr std::array kElementTypes{ElementType::float32, ElementType::int32,   ElementType::int64,
                                          ElementType::uint8,   ElementType::float16, ElementType::int8};

constexpr const char* type_name(ElementType type) {
  constexpr std::array kNames{"float32", "int32", "int64", "uint8", "float16", "int8"};
  return kNames[static_cast<std::size_t>(type)];
}

constexpr std::size_t byte_size(ElementType type) {
  constexpr std::array<std::size_t, kElementTypes.size()> kSizes{4, 4, 8, 1, 2, 1};
  return kSizes[static_cast<std::size_t>(type)];
}

}  // namespace longplay
