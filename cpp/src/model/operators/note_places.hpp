// The operator that finds the slots of notes in rings.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "model/operators/operator.hpp"

namespace longplay::operators {

struct NotePlaces {
  static constexpr const char* kName = "NotePlaces";
  static constexpr std::array kInputs{ort::kElementInt64, ort::kElementInt64, ort::kElementInt64,
                                      ort::kElementInt64};
  static constexpr std::array kOutputs{ort::kElementInt64, ort::kElementInt64, ort::kElementInt64,
                                       ort::kElementInt64, ort::kElementInt64, ort::kElementInt64};

  explicit NotePlaces(const Info& info) {
    const Tensor all = info.constant(2, "sizes"), ring = info.constant(3, "near");
    require(all.is(sizes.size()), "sizes must be three numbers");
    require(ring.is(1), "near must be one number");
    std::copy_n(all.as<std::int64_t>(), sizes.size(), sizes.begin());
    near = *ring.as<std::int64_t>();
    require(near > 0 && std::ranges::all_of(sizes, [](std::int64_t size) { return size > 0; }),
            "sizes and near must be above 0");
  }

  void compute(const Context& context) {
    const Tensor counts = context.input(0), seed = context.input(1);
    require(counts.is(counts.rows, sizes.size()), "counts must be (rows, 3)");
    require(seed.is(counts.rows, 1), "seed must be (rows, 1)");
    auto* next = context.output<std::int64_t>(0, counts.rows, sizes.size());
    auto* const turn = context.output<std::int64_t>(1, counts.rows, 1);
    auto* const near_slot = context.output<std::int64_t>(2, counts.rows, 1);
    auto* const near_seen = context.output<std::int64_t>(3, counts.rows, 1);
    auto* const far_slot = context.output<std::int64_t>(4, counts.rows, 1);
    auto* far_seen = context.output<std::int64_t>(5, counts.rows, 2);
    const auto* before = counts.as<std::int64_t>();
    for (std::size_t row = 0; row < counts.rows; ++row, before += sizes.size(), next += sizes.size()) {
      const bool of_seed = seed.as<std::int64_t>()[row] == 1;
      const auto [notes, seeds, others] = std::array{before[0], before[1], before[2]};
      const std::array after{notes + 1, seeds + (of_seed ? 1 : 0), others + (of_seed ? 0 : 1)};
      for (std::size_t i = 0; i < sizes.size(); ++i)
        next[i] = after[i] == 2 * sizes[i] ? after[i] - sizes[i] : after[i];
      turn[row] = notes;
      near_slot[row] = place(notes, near);
      near_seen[row] = std::min(after[0], near);
      far_slot[row] = of_seed ? place(seeds, sizes[1]) : place(others, sizes[2]) + sizes[1];
      *far_seen++ = std::min(after[1], sizes[1]);
      *far_seen++ = std::min(after[2], sizes[2]);
    }
  }

 private:
  // As Mod of ONNX: between 0 and the size, also for a negative number.
  static std::int64_t place(std::int64_t number, std::int64_t size) {
    const std::int64_t rest = number % size;
    return rest < 0 ? rest + size : rest;
  }

  std::array<std::int64_t, 3> sizes{};
  std::int64_t near = 1;
};

}  // namespace longplay::operators
