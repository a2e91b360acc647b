// The vector operations of 64-bit ARM, without the int8 products; see kernels_for.hpp.
#pragma once

#include <arm_neon.h>

#include "model/operators/kernels_for.hpp"

namespace longplay::operators {
namespace {

struct NeonFloats {
  using Floats = float32x4_t;
  using Ints = int32x4_t;
  static constexpr std::size_t kWidth = 4;
  static constexpr std::size_t kRows = 4;

  static Floats load(const float* from, std::size_t count) {
    if (count == kWidth) return vld1q_f32(from);
    float some[kWidth] = {};
    for (std::size_t i = 0; i < count; ++i) some[i] = from[i];
    return vld1q_f32(some);
  }
  // Makes every NaN the one with all bits set: of several operands, which NaN passes on is up to the
  // processor.
  static Floats same_nan(Floats values) {
    const uint32x4_t nan = vmvnq_u32(vceqq_f32(values, values));
    return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(values), nan));
  }
  static void store(float* to, std::size_t count, Floats values) {
    values = same_nan(values);
    if (count == kWidth) return vst1q_f32(to, values);
    float some[kWidth];
    vst1q_f32(some, values);
    for (std::size_t i = 0; i < count; ++i) to[i] = some[i];
  }
  static Floats load_half(const std::uint16_t* from, std::size_t count) {
    if (count == kWidth) return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
    std::uint16_t some[kWidth] = {};
    for (std::size_t i = 0; i < count; ++i) some[i] = from[i];
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(some)));
  }
  static void store_half(std::uint16_t* to, std::size_t count, Floats values) {
    const uint16x4_t halves = vreinterpret_u16_f16(vcvt_f16_f32(same_nan(values)));
    if (count == kWidth) return vst1_u16(to, halves);
    std::uint16_t some[kWidth];
    vst1_u16(some, halves);
    for (std::size_t i = 0; i < count; ++i) to[i] = some[i];
  }
  static void store_bytes(std::uint8_t* to, std::size_t count, Floats values) {
    const int32x4_t whole = vaddq_s32(vcvtnq_s32_f32(values), vdupq_n_s32(kZero));
    std::uint16_t some[kWidth];
    vst1_u16(some, vmovn_u32(vreinterpretq_u32_s32(whole)));
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(some[i]);
  }

  static Floats all(float value) { return vdupq_n_f32(value); }
  static Floats add(Floats a, Floats b) { return vaddq_f32(a, b); }
  static Floats sub(Floats a, Floats b) { return vsubq_f32(a, b); }
  static Floats mul(Floats a, Floats b) { return vmulq_f32(a, b); }
  static Floats div(Floats a, Floats b) { return vdivq_f32(a, b); }
  // Not vminq and vmaxq: they return NaN if either operand is NaN.
  static Floats min(Floats a, Floats b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static Floats max(Floats a, Floats b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return vfmaq_f32(c, a, b); }
  static Floats nearest(Floats a) { return vrndnq_f32(a); }
  static Floats times_power_of_two(Floats a, Floats exponent) {
    const int32x4_t biased = vaddq_s32(vcvtnq_s32_f32(exponent), vdupq_n_s32(127));
    return vmulq_f32(a, vreinterpretq_f32_s32(vshlq_n_s32(biased, 23)));
  }
  static Floats real(const std::int32_t* whole) { return vcvtq_f32_s32(vld1q_s32(whole)); }
  static float root(float x) { return __builtin_sqrtf(x); }
  static float largest(Floats values) { return vmaxvq_f32(values); }

  static Floats real(Ints whole) { return vcvtq_f32_s32(whole); }
  static Ints no_products(std::int32_t) { return vdupq_n_s32(0); }
  static int8x16_t load_fours(const std::int8_t* from) { return vld1q_s8(from); }
  static int16x8_t load_twos(const std::int8_t* from) { return vmovl_s8(vld1_s8(from)); }
  static Ints add_twos(Ints sums, int16x8_t twos, std::int32_t factors) {
    const int16x8_t by = vreinterpretq_s16_s32(vdupq_n_s32(factors));
    const int32x4_t low = vmull_s16(vget_low_s16(twos), vget_low_s16(by));
    return vaddq_s32(sums, vpaddq_s32(low, vmull_high_s16(twos, by)));
  }
  static void store_words(std::int16_t* to, Floats values) {
    vst1_s16(to, vmovn_s32(vcvtnq_s32_f32(values)));
  }
};

// Adds the int8 products `Products`. Weights and inputs are signed here, so no offsets are needed.
template <typename Products>
struct Neon : NeonFloats {
  static constexpr const char* kName = Products::kName;

  static Ints add_fours(Ints sums, int8x16_t fours, std::int32_t factors) {
    return Products::added(sums, fours, vreinterpretq_s8_s32(vdupq_n_s32(factors)));
  }

  // Accumulates `Vectors` adjacent vectors of sums, from a panel's lane `lane` on.
  template <std::size_t Rows, std::size_t Vectors>
  [[gnu::noinline]] static void accumulate_part(const Panels& weights, std::size_t panel, std::size_t lane,
                                                const std::uint8_t* x, Sums* result) {
    const std::size_t row_bytes = weights.groups * kGroup;
    const std::uint32_t flip = 0x80808080;  // kZero, of each of the inputs
    int32x4_t sums[Rows][Vectors];
    for (std::size_t row = 0; row < Rows; ++row) {
      for (std::size_t v = 0; v < Vectors; ++v) sums[row][v] = vdupq_n_s32(0);
    }
    const std::int8_t* line = weights.weights + (panel * weights.groups * kBlocks * kLanes + lane) * kGroup;
    for (std::size_t group = 0; group < weights.groups; ++group, line += kBlocks * kLanes * kGroup) {
      int8x16_t inputs[Rows];
      for (std::size_t row = 0; row < Rows; ++row) {
        std::uint32_t four;
        __builtin_memcpy(&four, x + row * row_bytes + group * kGroup, kGroup);
        inputs[row] = vreinterpretq_s8_u32(vdupq_n_u32(four ^ flip));
      }
      for (std::size_t v = 0; v < Vectors; ++v) {
        const int8x16_t some = vld1q_s8(line + v * kWidth * kGroup);
        for (std::size_t row = 0; row < Rows; ++row)
          sums[row][v] = Products::added(sums[row][v], some, inputs[row]);
      }
    }
    for (std::size_t row = 0; row < Rows; ++row) {
      for (std::size_t v = 0; v < Vectors; ++v) vst1q_s32(result[row].of + lane + v * kWidth, sums[row][v]);
    }
  }

  // One row reads all lanes of a panel at once. Several rows read a block at a time, so that the sums fit
  // into 32 registers.
  static void accumulate(const Panels& weights, std::size_t panel, const std::uint8_t* x, std::size_t rows,
                         Sums* result) {
    constexpr std::size_t kAll = kBlocks * kLanes, kPart = kLanes / kWidth;
    if (rows == 1) return accumulate_part<1, kAll / kWidth>(weights, panel, 0, x, result);
    for (std::size_t lane = 0; lane < kAll; lane += kLanes) {
      switch (rows) {
        case 2:
          accumulate_part<2, kPart>(weights, panel, lane, x, result);
          break;
        case 3:
          accumulate_part<3, kPart>(weights, panel, lane, x, result);
          break;
        default:
          accumulate_part<kRows, kPart>(weights, panel, lane, x, result);
          break;
      }
    }
  }
};

}  // namespace
}  // namespace longplay::operators
