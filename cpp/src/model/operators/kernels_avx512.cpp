// Kernels for processors with AVX-512 and its instructions for int8 products (VNNI). Only this file is
// compiled for them.
#include <immintrin.h>

#include "model/operators/kernels_for.hpp"

namespace longplay::operators {
namespace {

struct Avx512 {
  static constexpr const char* kName = "AVX-512 VNNI";
  using Floats = __m512;
  using Ints = __m512i;
  static constexpr std::size_t kWidth = 16;
  // The sums of six rows, a group of weights and an input fill the 32 registers.
  static constexpr std::size_t kRows = 6;

  static __mmask16 first(std::size_t count) { return static_cast<__mmask16>((1U << count) - 1); }

  static Floats load(const float* from, std::size_t count) {
    return _mm512_maskz_loadu_ps(first(count), from);
  }
  // Makes every NaN the one with all bits set: of several operands, which NaN passes on is up to the
  // compiler.
  static Floats same_nan(Floats values) {
    const __m512 nan = _mm512_castsi512_ps(_mm512_set1_epi32(-1));
    return _mm512_mask_mov_ps(values, _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q), nan);
  }
  static void store(float* to, std::size_t count, Floats values) {
    _mm512_mask_storeu_ps(to, first(count), same_nan(values));
  }
  static Floats load_half(const std::uint16_t* from, std::size_t count) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(count), from));
  }
  static void store_half(std::uint16_t* to, std::size_t count, Floats values) {
    const __m256i halves = _mm512_cvtps_ph(same_nan(values), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_mask_storeu_epi16(to, first(count), halves);
  }
  static void store_bytes(std::uint8_t* to, std::size_t count, Floats values) {
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(values), _mm512_set1_epi32(kZero));
    _mm_mask_storeu_epi8(to, first(count), _mm512_cvtepi32_epi8(whole));
  }

  static Floats all(float value) { return _mm512_set1_ps(value); }
  static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
  static Floats min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
  static Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats nearest(Floats a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Floats times_power_of_two(Floats a, Floats exponent) { return _mm512_scalef_ps(a, exponent); }
  static float root(float x) { return __builtin_sqrtf(x); }
  static float largest(Floats values) { return _mm512_reduce_max_ps(values); }

  static Floats real(Ints whole) { return _mm512_cvtepi32_ps(whole); }
  // The instruction takes bytes plus kZero, so the sums begin without kZero times the factors.
  static Ints no_products(std::int32_t factors) { return _mm512_set1_epi32(-kZero * factors); }
  static Ints load_fours(const std::int8_t* from) {
    return _mm512_xor_si512(_mm512_loadu_si512(from), _mm512_set1_epi8(-kZero));
  }
  static Ints add_fours(Ints sums, Ints fours, std::int32_t factors) {
    return _mm512_dpbusd_epi32(sums, fours, _mm512_set1_epi32(factors));
  }
  static Ints load_twos(const std::int8_t* from) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static Ints add_twos(Ints sums, Ints twos, std::int32_t factors) {
    return _mm512_dpwssd_epi32(sums, twos, _mm512_set1_epi32(factors));
  }
  static void store_words(std::int16_t* to, Floats values) {
    const __m256i words = _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(values));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), words);
  }
  static Floats real(const std::int32_t* whole) { return _mm512_cvtepi32_ps(_mm512_load_si512(whole)); }

  // Not inline: the code that uses the sums would need registers during the loop.
  template <std::size_t Rows>
  [[gnu::noinline]] static void accumulate_rows(const Panels& weights, std::size_t panel,
                                                const std::uint8_t* x, Sums* result) {
    constexpr std::size_t kLine = kGroup * kLanes;
    const std::size_t row_bytes = weights.groups * kGroup;
    const std::int32_t* const offsets = weights.offsets + panel * kBlocks * kLanes;
    __m512i sums[Rows][kBlocks];
#pragma GCC unroll 6
    for (std::size_t row = 0; row < Rows; ++row) {
#pragma GCC unroll 4
      for (std::size_t b = 0; b < kBlocks; ++b) sums[row][b] = _mm512_loadu_si512(offsets + b * kLanes);
    }
    const std::int8_t* line = weights.weights + panel * weights.groups * kBlocks * kLine;
    for (std::size_t group = 0; group < weights.groups; ++group, line += kBlocks * kLine) {
      __m512i block[kBlocks];
#pragma GCC unroll 4
      for (std::size_t b = 0; b < kBlocks; ++b) block[b] = _mm512_load_si512(line + b * kLine);
#pragma GCC unroll 6
      for (std::size_t row = 0; row < Rows; ++row) {
        std::int32_t four;
        __builtin_memcpy(&four, x + row * row_bytes + group * kGroup, kGroup);
        const __m512i inputs = _mm512_set1_epi32(four);
#pragma GCC unroll 4
        for (std::size_t b = 0; b < kBlocks; ++b) {
          sums[row][b] = _mm512_dpbusd_epi32(sums[row][b], inputs, block[b]);
        }
      }
    }
#pragma GCC unroll 6
    for (std::size_t row = 0; row < Rows; ++row) {
#pragma GCC unroll 4
      for (std::size_t b = 0; b < kBlocks; ++b) _mm512_store_si512(result[row].block(b), sums[row][b]);
    }
  }

  static void accumulate(const Panels& weights, std::size_t panel, const std::uint8_t* x, std::size_t rows,
                         Sums* result) {
    switch (rows) {
      case 1:
        return accumulate_rows<1>(weights, panel, x, result);
      case 2:
        return accumulate_rows<2>(weights, panel, x, result);
      case 3:
        return accumulate_rows<3>(weights, panel, x, result);
      case 4:
        return accumulate_rows<4>(weights, panel, x, result);
      case 5:
        return accumulate_rows<5>(weights, panel, x, result);
      default:
        return accumulate_rows<kRows>(weights, panel, x, result);
    }
  }
};

}  // namespace

const Kernels kAvx512Kernels = kKernelsFor<Avx512>;

}  // namespace longplay::operators
