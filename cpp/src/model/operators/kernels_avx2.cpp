// Kernels for processors with AVX2, FMA and F16C. Only this file is compiled for them.
#include <immintrin.h>

#include "model/operators/kernels_for.hpp"

namespace longplay::operators {
namespace {

struct Avx2 {
  static constexpr const char* kName = "AVX2";
  using Floats = __m256;
  using Ints = __m256i;
  static constexpr std::size_t kWidth = 8;
  static constexpr std::size_t kRows = 4;

  // Returns a mask with all bits set in the first `count` lanes.
  static __m256i first(std::size_t count) {
    const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), numbers);
  }

  static Floats load(const float* from, std::size_t count) {
    return count == kWidth ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, first(count));
  }
  // Makes every NaN the one with all bits set: of several operands, which NaN passes on is up to the
  // compiler.
  static Floats same_nan(Floats values) {
    return _mm256_or_ps(values, _mm256_cmp_ps(values, values, _CMP_UNORD_Q));
  }
  static void store(float* to, std::size_t count, Floats values) {
    values = same_nan(values);
    if (count == kWidth) {
      _mm256_storeu_ps(to, values);
    } else {
      _mm256_maskstore_ps(to, first(count), values);
    }
  }
  static Floats load_half(const std::uint16_t* from, std::size_t count) {
    if (count == kWidth) return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    std::uint16_t some[kWidth] = {};
    for (std::size_t i = 0; i < count; ++i) some[i] = from[i];
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(some)));
  }
  static void store_half(std::uint16_t* to, std::size_t count, Floats values) {
    const __m128i halves = _mm256_cvtps_ph(same_nan(values), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __builtin_memcpy(to, &halves, count * sizeof *to);
  }
  static void store_bytes(std::uint8_t* to, std::size_t count, Floats values) {
    const __m256i whole = _mm256_add_epi32(_mm256_cvtps_epi32(values), _mm256_set1_epi32(kZero));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    const std::int64_t bytes = _mm_cvtsi128_si64(_mm_packus_epi16(words, words));
    __builtin_memcpy(to, &bytes, count);
  }

  static Floats all(float value) { return _mm256_set1_ps(value); }
  static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static Floats sub(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats div(Floats a, Floats b) { return _mm256_div_ps(a, b); }
  static Floats min(Floats a, Floats b) { return _mm256_min_ps(a, b); }
  static Floats max(Floats a, Floats b) { return _mm256_max_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Floats nearest(Floats a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Floats times_power_of_two(Floats a, Floats exponent) {
    const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(exponent), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23)));
  }
  static float root(float x) { return __builtin_sqrtf(x); }
  static float largest(Floats values) {
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(values), _mm256_extractf128_ps(values, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
  }

  static Floats real(Ints whole) { return _mm256_cvtepi32_ps(whole); }
  static Ints no_products(std::int32_t) { return _mm256_setzero_si256(); }
  static Ints load_fours(const std::int8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  // The sizes of the bytes are unsigned, their signs go to the factors. The sum of two products fits 16 bits.
  static Ints add_fours(Ints sums, Ints fours, std::int32_t factors) {
    const __m256i signs = _mm256_sign_epi8(_mm256_set1_epi32(factors), fours);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(fours), signs);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  static Ints load_twos(const std::int8_t* from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static Ints add_twos(Ints sums, Ints twos, std::int32_t factors) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(twos, _mm256_set1_epi32(factors)));
  }
  static void store_words(std::int16_t* to, Floats values) {
    const __m256i whole = _mm256_cvtps_epi32(values);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), words);
  }
  static Floats real(const std::int32_t* whole) {
    return _mm256_cvtepi32_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(whole)));
  }

  // Accumulates `Vectors` adjacent vectors of sums, from a panel's lane `lane` on. The weights are in [-64,
  // 63], so the sum of two products fits the 16 bits of the first addition.
  template <std::size_t Rows, std::size_t Vectors>
  [[gnu::noinline]] static void accumulate_part(const Panels& weights, std::size_t panel, std::size_t lane,
                                                const std::uint8_t* x, Sums* result) {
    const std::size_t row_bytes = weights.groups * kGroup;
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[Rows][Vectors];
#pragma GCC unroll 4
    for (std::size_t row = 0; row < Rows; ++row) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Vectors; ++v) sums[row][v] = _mm256_setzero_si256();
    }
    const std::int8_t* line = weights.weights + (panel * weights.groups * kBlocks * kLanes + lane) * kGroup;
    for (std::size_t group = 0; group < weights.groups; ++group, line += kBlocks * kLanes * kGroup) {
      __m256i inputs[Rows];
#pragma GCC unroll 4
      for (std::size_t row = 0; row < Rows; ++row) {
        std::int32_t four;
        __builtin_memcpy(&four, x + row * row_bytes + group * kGroup, kGroup);
        inputs[row] = _mm256_set1_epi32(four);
      }
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Vectors; ++v) {
        const __m256i some = _mm256_load_si256(reinterpret_cast<const __m256i*>(line) + v);
#pragma GCC unroll 4
        for (std::size_t row = 0; row < Rows; ++row) {
          const __m256i pairs = _mm256_maddubs_epi16(inputs[row], some);
          sums[row][v] = _mm256_add_epi32(sums[row][v], _mm256_madd_epi16(pairs, ones));
        }
      }
    }
    const std::int32_t* const offsets = weights.offsets + panel * kBlocks * kLanes + lane;
    for (std::size_t row = 0; row < Rows; ++row) {
      for (std::size_t v = 0; v < Vectors; ++v) {
        const __m256i offset = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offsets) + v);
        _mm256_store_si256(reinterpret_cast<__m256i*>(result[row].of + lane) + v,
                           _mm256_add_epi32(sums[row][v], offset));
      }
    }
  }

  // One row reads all lanes of a panel at once. Several rows read a part at a time, so that the sums fit into
  // 16 registers.
  static void accumulate(const Panels& weights, std::size_t panel, const std::uint8_t* x, std::size_t rows,
                         Sums* result) {
    constexpr std::size_t kAll = kBlocks * kLanes;
    if (rows == 1) return accumulate_part<1, kAll / kWidth>(weights, panel, 0, x, result);
    for (std::size_t lane = 0; lane < kAll; lane += 2 * kWidth) {
      switch (rows) {
        case 2:
          accumulate_part<2, 2>(weights, panel, lane, x, result);
          break;
        case 3:
          accumulate_part<3, 2>(weights, panel, lane, x, result);
          break;
        default:
          accumulate_part<kRows, 2>(weights, panel, lane, x, result);
          break;
      }
    }
  }
};

}  // namespace

const Kernels kAvx2Kernels = kKernelsFor<Avx2>;

}  // namespace longplay::operators
