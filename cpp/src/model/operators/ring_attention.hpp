// The operator of attention to notes in rings.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

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

  explicit RingAttention(const Info& info)
      : kernels(info.kernels()),
        lengths(info.constant(6, "lengths")),
        sinks(info.constant(7, "sinks")),
        cos(info.constant(8, "cos")),
        sin(info.constant(9, "sin")) {
    const Tensor first = info.constant(10, "begins");
    require(first.rank == 1, "begins must be (rings,)");
    require(lengths.rank == 1 && sinks.is(lengths.width), "lengths and sinks must be (heads,)");
    require(cos.rank == 2 && cos.rows > 0 && sin.is(cos.rows, cos.width),
            "cos and sin must be (turns, pairs)");
    for (std::size_t ring = 0; ring < first.width; ++ring)
      begins.push_back(static_cast<std::size_t>(first.as<std::int64_t>()[ring]));
  }

  void compute(const Context& context) {
    const Tensor qkv = context.input(0), turn = context.input(1), slot = context.input(2),
                 seen = context.input(3), keys = context.input(4), values = context.input(5);
    const AttentionShape shape = shape_of(keys, values);
    const std::size_t rows = keys.rows, heads = lengths.width;
    require(qkv.is(rows, (heads + 2 * shape.keys) * shape.channels),
            "qkv must be (rows, channels of all queries, keys and values)");
    require(turn.is(rows, 1) && slot.is(rows, 1), "turn and slot must be (rows, 1)");
    require(seen.is(rows, begins.size()), "seen must be (rows, rings)");
    auto* const next_keys = static_cast<std::uint16_t*>(context.output_like(1, keys));
    auto* const next_values = static_cast<std::uint16_t*>(context.output_like(2, values));
    float* const y = context.output(0, rows, heads * shape.channels);
    scratch.resize(attention_scratch(shape));
    seen_slots.resize(begins.size());
    for (std::size_t row = 0; row < rows; ++row) {
      const auto at = static_cast<std::uint64_t>(turn.as<std::int64_t>()[row]) % cos.rows;
      const AttentionRow of_row{.qkv = qkv.as<float>() + row * qkv.width,
                                .cos = cos.as<float>() + at * cos.width,
                                .sin = sin.as<float>() + at * cos.width,
                                .slot = checked_slot(slot.as<std::int64_t>()[row], shape),
                                .seen = checked_seen(seen.as<std::int64_t>() + row * begins.size(), shape),
                                .keys = copied(next_keys, keys, row),
                                .values = copied(next_values, values, row)};
      kernels.attend(shape, of_row, scratch.data(), y + row * heads * shape.channels);
    }
  }

 private:
  AttentionShape shape_of(const Tensor& keys, const Tensor& values) const {
    require(keys.rank == 4 && values.rank == 4, "keys must be (rows, heads, channels, slots)");
    const auto [rows, heads, channels, slots] = keys.shape;
    require(values.shape == std::array{rows, heads, slots, channels},
            "values must be (rows, heads, slots, channels)");
    constexpr std::size_t kMultiple = 2 * kLanes;
    require(channels > 0 && channels % kMultiple == 0 && slots % kMultiple == 0,
            "channels and slots must be multiples of 32");
    require(heads > 0 && lengths.width % heads == 0, "each head of keys must have as many heads of queries");
    require(cos.width <= channels / 2, "cos must have at most half as many pairs as there are channels");
    for (const std::size_t begin : begins)
      require(begin < slots && begin % kMultiple == 0, "begins must be multiples of 32 below the slots");
    return {.keys = heads,
            .shared = lengths.width / heads,
            .channels = channels,
            .slots = slots,
            .turning = cos.width,
            .rings = begins.size(),
            .begins = begins.data(),
            .lengths = lengths.as<float>(),
            .sinks = sinks.as<float>()};
  }

  static std::size_t checked_slot(std::int64_t slot, const AttentionShape& shape) {
    require(slot >= 0 && static_cast<std::size_t>(slot) < shape.slots, "slot is beyond the slots");
    return static_cast<std::size_t>(slot);
  }

  const std::size_t* checked_seen(const std::int64_t* seen, const AttentionShape& shape) {
    for (std::size_t ring = 0; ring < begins.size(); ++ring) {
      require(seen[ring] >= 0 && static_cast<std::size_t>(seen[ring]) <= shape.slots - begins[ring],
              "seen is beyond the slots");
      seen_slots[ring] = static_cast<std::size_t>(seen[ring]);
    }
    return seen_slots.data();
  }

  // Returns a row of an output, equal to that of the input. In place, they are the same memory.
  static std::uint16_t* copied(std::uint16_t* outputs, const Tensor& inputs, std::size_t row) {
    std::uint16_t* const output = outputs + row * inputs.width;
    const std::uint16_t* const input = inputs.as<std::uint16_t>() + row * inputs.width;
    if (output != input) std::copy_n(input, inputs.width, output);
    return output;
  }

  const Kernels& kernels;
  Tensor lengths, sinks, cos, sin;
  std::vector<std::size_t> begins, seen_slots;
  std::vector<float> scratch;
};

}  // namespace longplay::operators
