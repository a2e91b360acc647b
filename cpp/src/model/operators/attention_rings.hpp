// What the operators of attention know of their heads and rings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/operators/kernels.hpp"
#include "model/operators/operator.hpp"

namespace longplay::operators {

class AttentionRings {
 public:
  // The constants lengths, sinks, cos, sin and begins are the inputs from `first` on.
  AttentionRings(const Info& info, std::size_t first)
      : lengths_(info.constant(first, "lengths")),
        sinks_(info.constant(first + 1, "sinks")),
        cos_(info.constant(first + 2, "cos")),
        sin_(info.constant(first + 3, "sin")) {
    const Tensor begins = info.constant(first + 4, "begins");
    require(begins.rank == 1, "begins must be (rings,)");
    require(lengths_.rank == 1 && sinks_.is(lengths_.width), "lengths and sinks must be (heads,)");
    require(cos_.rank == 2 && cos_.rows > 0 && sin_.is(cos_.rows, cos_.width),
            "cos and sin must be (turns, pairs)");
    for (std::size_t ring = 0; ring < begins.width; ++ring)
      begins_.push_back(static_cast<std::size_t>(begins.as<std::int64_t>()[ring]));
    seen_.resize(begins_.size());
  }

  // The shape of attention to a memory of `keys` heads.
  AttentionShape shape(std::size_t keys, std::size_t channels, std::size_t slots) const {
    constexpr std::size_t kMultiple = 2 * kLanes;
    require(channels > 0 && channels % kMultiple == 0 && slots % kMultiple == 0,
            "channels and slots must be multiples of 32");
    require(keys > 0 && lengths_.width % keys == 0, "each head of keys must have as many heads of queries");
    require(cos_.width <= channels / 2, "cos must have at most half as many pairs as there are channels");
    for (const std::size_t begin : begins_)
      require(begin < slots && begin % kMultiple == 0, "begins must be multiples of 32 below the slots");
    return {.keys = keys,
            .shared = lengths_.width / keys,
            .channels = channels,
            .slots = slots,
            .turning = cos_.width,
            .rings = begins_.size(),
            .begins = begins_.data(),
            .lengths = lengths_.as<float>(),
            .sinks = sinks_.as<float>()};
  }

  std::size_t heads() const { return lengths_.width; }

  void check(const AttentionShape& shape, std::size_t rows, const Tensor& qkv, const Tensor& turn,
             const Tensor& slot, const Tensor& seen) const {
    require(qkv.is(rows, (heads() + 2 * shape.keys) * shape.channels),
            "qkv must be (rows, channels of all queries, keys and values)");
    require(turn.is(rows, 1) && slot.is(rows, 1), "turn and slot must be (rows, 1)");
    require(seen.is(rows, begins_.size()), "seen must be (rows, rings)");
  }

  // The cosines, or sines, of a row's turn.
  const float* cos(const Tensor& turn, std::size_t row) const { return cos_.as<float>() + at(turn, row); }
  const float* sin(const Tensor& turn, std::size_t row) const { return sin_.as<float>() + at(turn, row); }

  static std::size_t slot(const Tensor& slots, std::size_t row, const AttentionShape& shape) {
    const std::int64_t slot = slots.as<std::int64_t>()[row];
    require(slot >= 0 && static_cast<std::size_t>(slot) < shape.slots, "slot is beyond the slots");
    return static_cast<std::size_t>(slot);
  }

  // The filled slots of a row's rings, until the next call.
  const std::size_t* seen(const Tensor& of_rows, std::size_t row, const AttentionShape& shape) {
    const auto* const numbers = of_rows.as<std::int64_t>() + row * begins_.size();
    for (std::size_t ring = 0; ring < begins_.size(); ++ring) {
      require(numbers[ring] >= 0 && static_cast<std::size_t>(numbers[ring]) <= shape.slots - begins_[ring],
              "seen is beyond the slots");
      seen_[ring] = static_cast<std::size_t>(numbers[ring]);
    }
    return seen_.data();
  }

  // Returns a row of an output, equal to that of the input. In place, they are the same memory.
  template <typename T>
  static T* copied(void* outputs, const Tensor& inputs, std::size_t row) {
    T* const output = static_cast<T*>(outputs) + row * inputs.width;
    const T* const input = inputs.as<T>() + row * inputs.width;
    if (output != input) std::copy_n(input, inputs.width, output);
    return output;
  }

 private:
  std::size_t at(const Tensor& turn, std::size_t row) const {
    return static_cast<std::uint64_t>(turn.as<std::int64_t>()[row]) % cos_.rows * cos_.width;
  }

  Tensor lengths_, sinks_, cos_, sin_;
  std::vector<std::size_t> begins_, seen_;
};

}  // namespace longplay::operators
