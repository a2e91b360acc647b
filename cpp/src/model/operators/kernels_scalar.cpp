// Kernels for every processor and compiler: no instructions but those that the library is built for.
#include <cmath>
#include <cstring>

#include "model/operators/kernels_for.hpp"
#include "model/operators/scalar_numbers.hpp"

namespace longplay::operators {
namespace {

struct Scalar {
  static constexpr const char* kName = "scalar";
  static constexpr std::size_t kWidth = 4;
  static constexpr std::size_t kRows = 4;
  struct Floats {
    float of[kWidth];
  };

  // Calls `work` for each lane.
  template <typename Work>
  static Floats each(const Work& work) {
    Floats made;
    for (std::size_t lane = 0; lane < kWidth; ++lane) made.of[lane] = work(lane);
    return made;
  }

  static Floats load(const float* from, std::size_t count) {
    if (count == kWidth) return each([=](std::size_t lane) { return from[lane]; });
    return each([=](std::size_t lane) { return lane < count ? from[lane] : 0; });
  }
  static void store(float* to, std::size_t count, Floats values) {
    values = each([&](std::size_t lane) { return scalar::same_nan(values.of[lane]); });
    for (std::size_t lane = 0; lane < count; ++lane) to[lane] = values.of[lane];
  }
  static Floats load_half(const std::uint16_t* from, std::size_t count) {
    if (count == kWidth) return each([=](std::size_t lane) { return scalar::from_half(from[lane]); });
    return each([=](std::size_t lane) { return lane < count ? scalar::from_half(from[lane]) : 0; });
  }
  static void store_half(std::uint16_t* to, std::size_t count, Floats values) {
    for (std::size_t lane = 0; lane < count; ++lane)
      to[lane] = scalar::to_half(scalar::same_nan(values.of[lane]));
  }
  static void store_bytes(std::uint8_t* to, std::size_t count, Floats values) {
    for (std::size_t lane = 0; lane < count; ++lane)
      to[lane] = static_cast<std::uint8_t>(scalar::whole(values.of[lane]) + kZero);
  }

  static Floats all(float value) {
    return each([=](std::size_t) { return value; });
  }
  static Floats add(Floats a, Floats b) {
    return each([&](std::size_t lane) { return a.of[lane] + b.of[lane]; });
  }
  static Floats sub(Floats a, Floats b) {
    return each([&](std::size_t lane) { return a.of[lane] - b.of[lane]; });
  }
  static Floats mul(Floats a, Floats b) {
    return each([&](std::size_t lane) { return a.of[lane] * b.of[lane]; });
  }
  static Floats div(Floats a, Floats b) {
    return each([&](std::size_t lane) { return a.of[lane] / b.of[lane]; });
  }
  static Floats min(Floats a, Floats b) {
    return each([&](std::size_t lane) { return scalar::min(a.of[lane], b.of[lane]); });
  }
  static Floats max(Floats a, Floats b) {
    return each([&](std::size_t lane) { return scalar::max(a.of[lane], b.of[lane]); });
  }
  static Floats fma(Floats a, Floats b, Floats c) {
    return each([&](std::size_t lane) { return scalar::fma(a.of[lane], b.of[lane], c.of[lane]); });
  }
  static Floats nearest(Floats a) {
    return each([&](std::size_t lane) { return scalar::nearest(a.of[lane]); });
  }
  static Floats times_power_of_two(Floats a, Floats exponent) {
    return each([&](std::size_t lane) { return scalar::times_power_of_two(a.of[lane], exponent.of[lane]); });
  }
  static Floats real(const std::int32_t* whole) {
    return each([=](std::size_t lane) { return static_cast<float>(whole[lane]); });
  }
  static float root(float x) { return std::sqrt(x); }

  // Accumulates a block: its lines, for several rows. Weights are taken in pairs, as integers of 16 bits, so
  // that a compiler can use vectors; they are in [-64, 63], so the sum of two products fits.
  template <std::size_t Rows>
  static void accumulate_block(const Panels& weights, const std::int8_t* line, const std::int32_t* offsets,
                               const std::uint8_t* x, Sums* result, std::size_t block) {
    constexpr std::size_t kPairs = kLanes * kGroup / 2;
    std::int32_t sums[Rows][kLanes];
    for (auto& of_row : sums) std::memcpy(of_row, offsets, sizeof of_row);
    for (std::size_t group = 0; group < weights.groups; ++group, line += kBlocks * kLanes * kGroup) {
      std::int16_t pairs[kPairs];
      std::memcpy(pairs, line, sizeof pairs);
      for (std::size_t row = 0; row < Rows; ++row) {
        const std::uint8_t* const four = x + (row * weights.groups + group) * kGroup;
        std::int16_t products[kPairs];
        for (std::size_t i = 0; i < kPairs; ++i) {
          const auto first = static_cast<std::int16_t>(static_cast<std::int16_t>(pairs[i] << 8) >> 8);
          const auto second = static_cast<std::int16_t>(pairs[i] >> 8);
          const std::int16_t a = four[i % 2 * 2], b = four[i % 2 * 2 + 1];
          products[i] = static_cast<std::int16_t>(first * a + second * b);
        }
        std::int32_t fours[kLanes];
        std::memcpy(fours, products, sizeof fours);
        for (std::size_t lane = 0; lane < kLanes; ++lane)
          sums[row][lane] +=
              (static_cast<std::int32_t>(static_cast<std::uint32_t>(fours[lane]) << 16) >> 16) +
              (fours[lane] >> 16);
      }
    }
    for (std::size_t row = 0; row < Rows; ++row)
      std::memcpy(result[row].block(block), sums[row], sizeof sums[row]);
  }

  static void accumulate(const Panels& weights, std::size_t panel, const std::uint8_t* x, std::size_t rows,
                         Sums* result) {
    const std::int8_t* const lines = weights.weights + panel * weights.groups * kBlocks * kLanes * kGroup;
    for (std::size_t block = 0; block < kBlocks; ++block) {
      const std::int8_t* const line = lines + block * kLanes * kGroup;
      const std::int32_t* const offsets = weights.offsets + (panel * kBlocks + block) * kLanes;
      if (rows == kRows) {
        accumulate_block<kRows>(weights, line, offsets, x, result, block);
        continue;
      }
      for (std::size_t row = 0; row < rows; ++row)
        accumulate_block<1>(weights, line, offsets, x + row * weights.groups * kGroup, result + row, block);
    }
  }
};

}  // namespace

const Kernels kScalarKernels = kKernelsFor<Scalar>;

}  // namespace longplay::operators
