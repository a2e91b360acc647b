// Kernels for every processor and compiler: no instructions but those that the library is built for.
#include <cmath>
#include <cstring>

#include "model/operators/kernels_for.hpp"
#include "model/operators/scalar_numbers.hpp"

namespace longplay::operators {
namespace {

struct Scalar {
  static constexpr const char* kName = "scalar";
  static constexpr std::size_t kWidth = 8;
  static constexpr std::size_t kRows = 4;
  struct Floats {
    float of[kWidth];
  };

  struct Ints {
    std::int32_t of[kWidth];
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
  static float largest(Floats values) {
    float most = values.of[0];
    for (const float each : values.of) most = scalar::max(each, most);
    return most;
  }

  static Floats real(const Ints& whole) { return real(whole.of); }
  static Ints no_products(std::int32_t) { return {}; }
  static const std::int8_t* load_fours(const std::int8_t* from) { return from; }
  static Ints add_fours(Ints sums, const std::int8_t* fours, std::int32_t factors) {
    std::int8_t by[kGroup];
    std::memcpy(by, &factors, sizeof by);
    for (std::int32_t& sum : sums.of) {
      for (const std::int8_t factor : by) sum += *fours++ * factor;
    }
    return sums;
  }
  static const std::int8_t* load_twos(const std::int8_t* from) { return from; }
  static Ints add_twos(Ints sums, const std::int8_t* twos, std::int32_t factors) {
    std::int16_t by[2];
    std::memcpy(by, &factors, sizeof by);
    for (std::size_t lane = 0; lane < kWidth; ++lane)
      sums.of[lane] += twos[2 * lane] * by[0] + twos[2 * lane + 1] * by[1];
    return sums;
  }
  static void store_words(std::int16_t* to, Floats values) {
    for (std::size_t lane = 0; lane < kWidth; ++lane)
      to[lane] = static_cast<std::int16_t>(scalar::whole(values.of[lane]));
  }

  static void accumulate(const Panels& weights, std::size_t panel, const std::uint8_t* x, std::size_t rows,
                         Sums* result) {
    constexpr std::size_t kLine = kBlocks * kLanes;
    for (std::size_t row = 0; row < rows; ++row, x += weights.groups * kGroup) {
      std::int32_t* const sums = result[row].of;
      std::memcpy(sums, weights.offsets + panel * kLine, sizeof result[row].of);
      const std::int8_t* line = weights.weights + panel * weights.groups * kLine * kGroup;
      for (std::size_t group = 0; group < weights.groups; ++group) {
        const std::uint8_t* const four = x + group * kGroup;
        for (std::size_t lane = 0; lane < kLine; ++lane, line += kGroup)
          sums[lane] += four[0] * line[0] + four[1] * line[1] + four[2] * line[2] + four[3] * line[3];
      }
    }
  }
};

}  // namespace

const Kernels kScalarKernels = kKernelsFor<Scalar>;

}  // namespace longplay::operators
