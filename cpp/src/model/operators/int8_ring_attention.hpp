// The operator of attention to notes in rings, which are in int8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/operators/attention_rings.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/operator.hpp"

namespace longplay::operators {

struct Int8RingAttention {
  static constexpr const char* kName = "Int8RingAttention";
  static constexpr std::array kInputs{ort::kElementFloat32, ort::kElementInt64,   ort::kElementInt64,
                                      ort::kElementInt64,   ort::kElementInt8,    ort::kElementInt8,
                                      ort::kElementFloat16, ort::kElementFloat32, ort::kElementFloat32,
                                      ort::kElementFloat32, ort::kElementFloat32, ort::kElementInt64};
  static constexpr std::array kOutputs{ort::kElementFloat32, ort::kElementInt8, ort::kElementInt8,
                                       ort::kElementFloat16};

  explicit Int8RingAttention(const Info& info) : kernels(info.kernels()), rings(info, 7) {}

  void compute(const Context& context) {
    const Tensor qkv = context.input(0), turn = context.input(1), slot = context.input(2),
                 seen = context.input(3), keys = context.input(4), values = context.input(5),
                 scales = context.input(6);
    const AttentionShape shape = shape_of(keys, values, scales);
    const std::size_t rows = keys.rows, width = rings.heads() * shape.channels;
    rings.check(shape, rows, qkv, turn, slot, seen);
    void* const next_keys = context.output_like(1, keys);
    void* const next_values = context.output_like(2, values);
    void* const next_scales = context.output_like(3, scales);
    float* const y = context.output(0, rows, width);
    scratch.resize(attention_scratch(shape));
    for (std::size_t row = 0; row < rows; ++row) {
      const Notes notes{.keys = AttentionRings::copied<std::int8_t>(next_keys, keys, row),
                        .values = AttentionRings::copied<std::int8_t>(next_values, values, row),
                        .scales = AttentionRings::copied<std::uint16_t>(next_scales, scales, row)};
      const AttentionRow of_row{.qkv = qkv.as<float>() + row * qkv.width,
                                .cos = rings.cos(turn, row),
                                .sin = rings.sin(turn, row),
                                .slot = AttentionRings::slot(slot, row, shape),
                                .seen = rings.seen(seen, row, shape),
                                .notes = notes};
      kernels.attend(shape, of_row, scratch.data(), y + row * width);
    }
  }

 private:
  AttentionShape shape_of(const Tensor& keys, const Tensor& values, const Tensor& scales) const {
    require(keys.rank == 4 && keys.shape[3] % kLanes == 0,
            "keys must be (rows, heads, blocks, 16 * channels)");
    const auto [rows, heads, blocks, bytes] = keys.shape;
    require(values.rank == 4 && values.shape == keys.shape, "values must have the shape of keys");
    const std::size_t slots = blocks * kLanes;
    require(scales.rank == 4 && scales.shape == std::array{rows, heads, std::size_t{2}, slots},
            "scales must be (rows, heads, 2, slots)");
    require(bytes <= kMostChannels * kLanes, "a head must have at most 256 channels");
    return rings.shape(heads, bytes / kLanes, slots);
  }

  const Kernels& kernels;
  AttentionRings rings;
  std::vector<float> scratch;
};

}  // namespace longplay::operators
