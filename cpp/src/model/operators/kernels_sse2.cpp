// Kernels for every x86-64 processor and compiler, Microsoft's too.
#include <emmintrin.h>

#include <cstring>

#include "model/operators/kernels_for.hpp"
#include "model/operators/scalar_numbers.hpp"

namespace longplay::operators {
namespace {

struct Sse2 {
  static constexpr const char* kName = "SSE2";
  using Floats = __m128;
  using Ints = __m128i;
  static constexpr std::size_t kWidth = 4;
  static constexpr std::size_t kRows = 4;

  static __m128i whole(Floats values) { return _mm_castps_si128(values); }
  static Floats real_bits(__m128i bits) { return _mm_castsi128_ps(bits); }
  static __m128i choose(__m128i first, __m128i one, __m128i other) {
    return _mm_or_si128(_mm_and_si128(first, one), _mm_andnot_si128(first, other));
  }

  static Floats load(const float* from, std::size_t count) {
    if (count == kWidth) return _mm_loadu_ps(from);
    float some[kWidth] = {};
    for (std::size_t i = 0; i < count; ++i) some[i] = from[i];
    return _mm_loadu_ps(some);
  }
  // Makes every NaN the one with all bits set: of several operands, which NaN passes on is up to the
  // compiler.
  static Floats same_nan(Floats values) { return _mm_or_ps(values, _mm_cmpunord_ps(values, values)); }
  static void store(float* to, std::size_t count, Floats values) {
    values = same_nan(values);
    if (count == kWidth) return _mm_storeu_ps(to, values);
    float some[kWidth];
    _mm_storeu_ps(some, values);
    for (std::size_t i = 0; i < count; ++i) to[i] = some[i];
  }
  // As scalar::from_half.
  static Floats load_half(const std::uint16_t* from, std::size_t count) {
    std::uint16_t some[kWidth] = {};
    std::memcpy(some, from, count * sizeof *from);
    const __m128i halves = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(some));
    const __m128i wide = _mm_unpacklo_epi16(halves, _mm_setzero_si128());
    const __m128i size = _mm_slli_epi32(_mm_and_si128(wide, _mm_set1_epi32(0x7fff)), 13);
    const __m128i sign = _mm_slli_epi32(_mm_and_si128(wide, _mm_set1_epi32(0x8000)), 16);
    const __m128i bias = _mm_set1_epi32((127 - 15) << 23), one = _mm_set1_epi32(1 << 23);
    const __m128i biased = _mm_add_epi32(size, bias);
    const __m128i infinite = _mm_cmpgt_epi32(size, _mm_set1_epi32((31 << 23) - 1));
    const __m128i normal = _mm_add_epi32(biased, _mm_and_si128(infinite, bias));
    const Floats small = _mm_sub_ps(real_bits(_mm_add_epi32(biased, one)), _mm_set1_ps(0x1p-14F));
    return real_bits(_mm_or_si128(sign, choose(_mm_cmpgt_epi32(one, size), whole(small), normal)));
  }
  static void store_half(std::uint16_t* to, std::size_t count, Floats values) {
    float some[kWidth];
    store(some, kWidth, values);
    for (std::size_t i = 0; i < count; ++i) to[i] = scalar::to_half(some[i]);
  }
  static void store_bytes(std::uint8_t* to, std::size_t count, Floats values) {
    const __m128i numbers = _mm_add_epi32(_mm_cvtps_epi32(values), _mm_set1_epi32(kZero));
    const __m128i words = _mm_packs_epi32(numbers, numbers);
    const std::int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(to, &bytes, count);
  }

  static Floats all(float value) { return _mm_set1_ps(value); }
  static Floats add(Floats a, Floats b) { return _mm_add_ps(a, b); }
  static Floats sub(Floats a, Floats b) { return _mm_sub_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm_mul_ps(a, b); }
  static Floats div(Floats a, Floats b) { return _mm_div_ps(a, b); }
  static Floats min(Floats a, Floats b) { return _mm_min_ps(a, b); }
  static Floats max(Floats a, Floats b) { return _mm_max_ps(a, b); }
  static Floats nearest(Floats a) {
    const Floats wholes = _mm_set1_ps(scalar::kWholes);
    const Floats sign = _mm_and_ps(a, _mm_set1_ps(-0.0F));
    return _mm_or_ps(_mm_sub_ps(_mm_add_ps(a, wholes), wholes), sign);
  }
  static Floats times_power_of_two(Floats a, Floats exponent) {
    const __m128i biased = _mm_add_epi32(_mm_cvtps_epi32(exponent), _mm_set1_epi32(127));
    return _mm_mul_ps(a, real_bits(_mm_slli_epi32(biased, 23)));
  }
  static Floats real(const std::int32_t* numbers) {
    return _mm_cvtepi32_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(numbers)));
  }
  static float root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }
  static float largest(Floats values) {
    const Floats two = _mm_max_ps(values, _mm_movehl_ps(values, values));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
  }

  // Bytes as words: the first eight, and the last.
  struct Fours {
    __m128i low, high;
  };
  static __m128i words(__m128i twice) { return _mm_srai_epi16(twice, 8); }
  static Floats real(Ints numbers) { return _mm_cvtepi32_ps(numbers); }
  static Ints no_products(std::int32_t) { return _mm_setzero_si128(); }
  static Fours load_fours(const std::int8_t* from) {
    const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return {words(_mm_unpacklo_epi8(some, some)), words(_mm_unpackhi_epi8(some, some))};
  }
  static Ints add_fours(Ints sums, Fours fours, std::int32_t factors) {
    const __m128i four = _mm_set1_epi32(factors);
    const __m128i wide = words(_mm_unpacklo_epi8(four, four));
    const Floats low = real_bits(_mm_madd_epi16(fours.low, wide));
    const Floats high = real_bits(_mm_madd_epi16(fours.high, wide));
    return _mm_add_epi32(sums, _mm_add_epi32(whole(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0))),
                                             whole(_mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1)))));
  }
  static Ints load_twos(const std::int8_t* from) {
    const __m128i some = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    return words(_mm_unpacklo_epi8(some, some));
  }
  static Ints add_twos(Ints sums, Ints twos, std::int32_t factors) {
    return _mm_add_epi32(sums, _mm_madd_epi16(twos, _mm_set1_epi32(factors)));
  }
  static void store_words(std::int16_t* to, Floats values) {
    const __m128i numbers = _mm_cvtps_epi32(values);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi32(numbers, numbers));
  }

  // Rounds to double, then to float, where scalar::rounds_once holds.
  static Floats fma(Floats a, Floats b, Floats c) {
    const auto high = [](Floats values) { return _mm_cvtps_pd(_mm_movehl_ps(values, values)); };
    const __m128d first = _mm_add_pd(_mm_mul_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b)), _mm_cvtps_pd(c));
    const __m128d second = _mm_add_pd(_mm_mul_pd(high(a), high(b)), high(c));
    const Floats front = _mm_castpd_ps(first), back = _mm_castpd_ps(second);
    const __m128i low_bits = whole(_mm_shuffle_ps(front, back, _MM_SHUFFLE(2, 0, 2, 0)));
    const __m128i high_bits = whole(_mm_shuffle_ps(front, back, _MM_SHUFFLE(3, 1, 3, 1)));
    const __m128i dropped = _mm_and_si128(low_bits, _mm_set1_epi32(0x1fffffff));
    const __m128i halfway = _mm_cmpeq_epi32(dropped, _mm_set1_epi32(0x10000000));
    const __m128i size = _mm_and_si128(high_bits, _mm_set1_epi32(0x7fffffff));
    constexpr int kSmallest = (1023 - 126) << 20;  // of the normal floats
    const __m128i small = _mm_cmplt_epi32(size, _mm_set1_epi32(kSmallest));
    if (_mm_movemask_epi8(_mm_or_si128(halfway, small)) != 0) return fma_by_number(a, b, c);
    return _mm_movelh_ps(_mm_cvtpd_ps(first), _mm_cvtpd_ps(second));
  }
  static Floats fma_by_number(Floats a, Floats b, Floats c) {
    float x[kWidth], y[kWidth], z[kWidth];
    _mm_storeu_ps(x, a);
    _mm_storeu_ps(y, b);
    _mm_storeu_ps(z, c);
    for (std::size_t i = 0; i < kWidth; ++i) z[i] = scalar::fma(x[i], y[i], z[i]);
    return _mm_loadu_ps(z);
  }

  // Accumulates `Vectors` adjacent vectors of sums, from a panel's lane `lane` on. Two sums of two products
  // make a lane.
  template <std::size_t Rows, std::size_t Vectors>
  static void accumulate_part(const Panels& weights, std::size_t panel, std::size_t lane,
                              const std::uint8_t* x, Sums* result) {
    const std::size_t row_bytes = weights.groups * kGroup;
    __m128i sums[Rows][Vectors][2];
    for (auto& of_row : sums) {
      for (auto& of_vector : of_row) of_vector[0] = of_vector[1] = _mm_setzero_si128();
    }
    const std::int8_t* line = weights.weights + (panel * weights.groups * kBlocks * kLanes + lane) * kGroup;
    for (std::size_t group = 0; group < weights.groups; ++group, line += kBlocks * kLanes * kGroup) {
      __m128i inputs[Rows];
      for (std::size_t row = 0; row < Rows; ++row) {
        std::int32_t four;
        std::memcpy(&four, x + row * row_bytes + group * kGroup, kGroup);
        const __m128i words = _mm_unpacklo_epi8(_mm_cvtsi32_si128(four), _mm_setzero_si128());
        inputs[row] = _mm_unpacklo_epi64(words, words);
      }
      for (std::size_t v = 0; v < Vectors; ++v) {
        const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line) + v);
        const __m128i low = _mm_srai_epi16(_mm_unpacklo_epi8(some, some), 8);
        const __m128i high = _mm_srai_epi16(_mm_unpackhi_epi8(some, some), 8);
        for (std::size_t row = 0; row < Rows; ++row) {
          sums[row][v][0] = _mm_add_epi32(sums[row][v][0], _mm_madd_epi16(low, inputs[row]));
          sums[row][v][1] = _mm_add_epi32(sums[row][v][1], _mm_madd_epi16(high, inputs[row]));
        }
      }
    }
    const std::int32_t* const offsets = weights.offsets + panel * kBlocks * kLanes + lane;
    for (std::size_t row = 0; row < Rows; ++row) {
      for (std::size_t v = 0; v < Vectors; ++v) {
        const Floats one = real_bits(sums[row][v][0]), other = real_bits(sums[row][v][1]);
        const __m128i total = _mm_add_epi32(whole(_mm_shuffle_ps(one, other, _MM_SHUFFLE(2, 0, 2, 0))),
                                            whole(_mm_shuffle_ps(one, other, _MM_SHUFFLE(3, 1, 3, 1))));
        const __m128i offset = _mm_loadu_si128(reinterpret_cast<const __m128i*>(offsets) + v);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(result[row].of + lane) + v, _mm_add_epi32(total, offset));
      }
    }
  }

  template <std::size_t Rows, std::size_t Vectors>
  static void accumulate_rows(const Panels& weights, std::size_t panel, const std::uint8_t* x, Sums* result) {
    for (std::size_t lane = 0; lane < kBlocks * kLanes; lane += Vectors * kWidth)
      accumulate_part<Rows, Vectors>(weights, panel, lane, x, result);
  }

  // So many vectors at a time that the sums fit into 16 registers.
  static void accumulate(const Panels& weights, std::size_t panel, const std::uint8_t* x, std::size_t rows,
                         Sums* result) {
    switch (rows) {
      case 1:
        return accumulate_rows<1, 4>(weights, panel, x, result);
      case 2:
        return accumulate_rows<2, 2>(weights, panel, x, result);
      case 3:
        return accumulate_rows<3, 1>(weights, panel, x, result);
      default:
        return accumulate_rows<kRows, 1>(weights, panel, x, result);
    }
  }
};

}  // namespace

const Kernels kSse2Kernels = kKernelsFor<Sse2>;

}  // namespace longplay::operators
