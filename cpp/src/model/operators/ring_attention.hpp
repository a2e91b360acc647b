// The operator of attention to notes in rings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/operators/attention_rings.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/operator.hpp"

namespace longplay::operators {

struct RingAttention {
  static constexpr const char* kName = "RingAttention";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementInt64,   ort::kElementInt64,
                                      ort::kElementInt64,   ort::kElementFloat16, ort::kElementFloat16,
                                      ort::kElementFloat32, ort::kElementFloat32, ort::kElementFloat32,
                                      ort::kElementFloat32, ort::kElementInt64};
  static constexpr std::array kOutputs{ort::kElementFloat32, ort::kElementFloat16, ort::kElementFloat16};

  explicit RingAttention(const Info& info) : kernels(info.kernels()), rings(info, 6) {}

  void compute(const Context& context) {
    const Tensor qkv = context.input(0), turn = context.input(1), slot = context.input(2),
                 seen = context.input(3), keys = context.input(4), values = context.input(5);
    require(keys.rank == 4 && values.rank == 4, "keys must be (rows, heads, channels, slots)");
    const auto [rows, key_heads, channels, slots] = keys.shape;
    require(values.shape == std::array{rows, key_heads, slots, channels},
            "values must be (rows, heads, slots, channels)");
    const AttentionShape shape = rings.shape(key_heads, channels, slots);
    rings.check(shape, rows, qkv, turn, slot, seen);
    void* const next_keys = context.output_like(1, keys);
    void* const next_values = context.output_like(2, values);
    const std::size_t width = rings.heads() * channels;
    float* const y = context.output(0, rows, width);
    scratch.resize(attention_scratch(shape));
    for (std::size_t row = 0; row < rows; ++row) {
      const AttentionRow of_row{.qkv = qkv.as<float>() + row * qkv.width,
                                .cos = rings.cos(turn, row),
                                .sin = rings.sin(turn, row),
                                .slot = AttentionRings::slot(slot, row, shape),
                                .seen = rings.seen(seen, row, shape),
                                .keys = AttentionRings::copied<std::uint16_t>(next_keys, keys, row),
                                .values = AttentionRings::copied<std::uint16_t>(next_values, values, row)};
      kernels.attend(shape, of_row, scratch.data(), y + row * width);
    }
  }

  const Kernels& kernels;
  AttentionRings rings;
  std::vector<float> scratch;
};

}  // namespace longplay::operators
