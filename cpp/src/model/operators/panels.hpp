// The weights of an int8 product in the order in which the kernels read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/operators/kernels.hpp"

namespace longplay::operators {

class PackedWeights {
 public:
  // `weights` is (inputs, outputs). Without `by_gate`, the blocks of a panel are adjacent outputs. With
  // `by_gate`, its four blocks are the outputs of the same units in the four quarters, one quarter per gate.
  PackedWeights(std::span<const std::int8_t> weights, std::size_t inputs, std::size_t outputs, bool by_gate);

  Panels panels() const;

 private:
  struct alignas(64) Line {
    std::int8_t bytes[64];
  };

  std::size_t groups_;
  std::vector<Line> lines_;
  std::vector<std::int32_t> offsets_;
  std::vector<Block> blocks_;
};

}  // namespace longplay::operators
