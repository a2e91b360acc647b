// Operations on single numbers that round as the instructions of AVX2 and NEON do, for compilers and
// processors without those instructions. A compiler can turn loops over them into vectors of any width.
#pragma once

#include <bit>
#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace longplay::operators::scalar {

static_assert(FLT_EVAL_METHOD == 0, "each operation must round to float, so build with SSE2 (-mfpmath=sse)");
static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);
static_assert(std::endian::native == std::endian::little, "packed weights are little-endian");

// The sum with this number has the nearest integer in its lowest bits, halves to even, below 2^22.
constexpr float kWholes = 0x1.8p23F;

// Chooses by masks, not by branches, so that loops become vectors.
inline std::uint32_t choose(bool first, std::uint32_t one, std::uint32_t other) {
  const std::uint32_t mask = 0U - static_cast<std::uint32_t>(first);
  return (one & mask) | (other & ~mask);
}

// If an operand is NaN, min and max return the second one, as on x86-64.
inline float min(float a, float b) { return a < b ? a : b; }
inline float max(float a, float b) { return a > b ? a : b; }

// Returns whether rounding to this double and then to float is the same as rounding once. It is not if the
// double lies halfway between two floats, or is so small that floats have fewer bits there.
inline bool rounds_once(std::uint64_t bits) {
  constexpr std::uint64_t kSmallest = std::uint64_t{1023 - 126} << 52;
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return (bits & 0x1fffffff) != 0x10000000 && (bits & ~kSign) >= kSmallest;
}

// Returns a * b + c, rounded once. Not std::fma: without the instruction, it is slow, and some libraries
// round it twice.
inline float fma(float a, float b, float c) {
#ifdef __FP_FAST_FMAF
  return __builtin_fmaf(a, b, c);
#else
  const double product = static_cast<double>(a) * b;  // exact: 48 bits fit
  const double sum = product + c;
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  if (rounds_once(bits)) return static_cast<float>(sum);
  const double rest = sum - product;
  const double error = (product - (sum - rest)) + (c - rest);  // of the sum, exact
  // A sum that is not exact becomes the odd one of its two neighbours. So the second rounding sees on which
  // side of a tie it is (Boldo and Melquiond, 2008).
  const bool exact = !(error < 0) && !(error > 0);  // also if it is not a number
  if (exact || (bits & 1) != 0) return static_cast<float>(sum);
  const bool inwards = (error < 0) != (sum < 0);
  return static_cast<float>(std::bit_cast<double>(inwards ? bits - 1 : bits + 1));
#endif
}

// Returns the nearest integer, halves to even, for numbers below 2^22 and NaN.
inline float nearest(float x) {
  const float whole = (x + kWholes) - kWholes;
  const std::uint32_t sign = std::bit_cast<std::uint32_t>(x) & 0x80000000U;  // 0 has one, too
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(whole) | sign);
}

// The same as an integer; any number for NaN.
inline std::int32_t whole(float x) {
  return static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(x + kWholes) -
                                   std::bit_cast<std::uint32_t>(kWholes));
}

// Returns a * 2^exponent for integers in [-126, 127].
inline float times_power_of_two(float a, float exponent) {
  return a * std::bit_cast<float>(static_cast<std::uint32_t>(whole(exponent) + 127) << 23);
}

// Half precision as a float. Does not compute with subnormal floats, which a process may have switched off.
inline float from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t size = static_cast<std::uint32_t>(half & 0x7fffU) << 13;
  constexpr std::uint32_t kBias = (127 - 15) << 23;
  constexpr std::uint32_t kInfinite = 31 << 23;
  const std::uint32_t normal = size + kBias + choose(size >= kInfinite, kBias, 0);
  const float small = std::bit_cast<float>(size + kBias + (1 << 23)) - 0x1p-14F;
  return std::bit_cast<float>(sign | choose(size < 1 << 23, std::bit_cast<std::uint32_t>(small), normal));
}

// Rounds to half precision, halves to even. NaN with all bits set stays that.
inline std::uint16_t to_half(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t size = bits & 0x7fffffffU;
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  constexpr std::uint32_t kBias = (127 - 15) << 23;
  constexpr float kLast = 0.5F;  // its last bit is the last bit of the subnormal halves
  const float small = std::bit_cast<float>(size) + kLast;
  const std::uint32_t below = std::bit_cast<std::uint32_t>(small) - std::bit_cast<std::uint32_t>(kLast);
  const std::uint32_t normal = (size - kBias + 0xfffU + (size >> 13 & 1)) >> 13;
  const std::uint32_t large = choose(size > 0x7f800000U, 0x7fff, 0x7c00);
  const std::uint32_t finite = choose(size < kBias + (1 << 23), below, normal);
  return static_cast<std::uint16_t>(sign | choose(size >= kBias + (31 << 23), large, finite));
}

// Makes every NaN the one with all bits set.
inline float same_nan(float x) {
  const bool is_nan = !(x == x);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) | choose(is_nan, 0xffffffffU, 0));
}

}  // namespace longplay::operators::scalar
