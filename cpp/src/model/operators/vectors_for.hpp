// Loops over vectors, sums and powers, written once for all instruction sets; see kernels_for.hpp.
#pragma once

#include "model/operators/kernels.hpp"

namespace longplay::operators {
namespace {

constexpr std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

// Returns how many of `end` numbers are left from `offset` on, at most `most`.
inline std::size_t left(std::size_t offset, std::size_t end, std::size_t most) {
  return offset < end ? least(end - offset, most) : 0;
}

// Calls `work(offset, count)` for each vector of `size` numbers.
template <typename V, typename Work>
inline void for_vectors(std::size_t size, const Work& work) {
  std::size_t offset = 0;
  for (; offset + V::kWidth <= size; offset += V::kWidth) work(offset, V::kWidth);
  if (offset < size) work(offset, size - offset);
}

// Adds up the lanes of a vector of kLanes numbers in an order that no vector width changes.
inline float sum_lanes(const float* numbers) {
  float sums[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] = numbers[lane];
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

// The sum of `term(offset)` over vectors at the offsets of `count` numbers, a multiple of kLanes.
template <typename V, typename Term>
inline float sum_vectors(std::size_t count, const Term& term) {
  constexpr std::size_t kParts = kLanes / V::kWidth;
  typename V::Floats sums[kParts];
  for (auto& sum : sums) sum = V::all(0);
  for (std::size_t offset = 0; offset < count; offset += kLanes) {
    for (std::size_t part = 0; part < kParts; ++part) {
      sums[part] = V::add(sums[part], term(offset + part * V::kWidth));
    }
  }
  float lanes[kLanes];
  for (std::size_t part = 0; part < kParts; ++part) V::store(lanes + part * V::kWidth, V::kWidth, sums[part]);
  return sum_lanes(lanes);
}

// A polynomial for 2^f on [-1/2, 1/2] with a relative error of at most 1.1e-7, exact at 0.
constexpr float kPower[] = {1,
                            0.6931470036506653F,
                            0.24022242426872253F,
                            0.05550733581185341F,
                            0.009671512991189957F,
                            0.0013264728477224708F};

// Returns e^(factor * x), at most 2^most. NaN stays NaN.
template <typename V>
inline typename V::Floats power(typename V::Floats x, float factor, float most) {
  const auto doublings = V::mul(x, V::all(factor * 1.44269504F));
  const auto bounded = V::max(V::all(-126), V::min(V::all(most), doublings));
  const auto whole = V::nearest(bounded);
  const auto rest = V::sub(bounded, whole);
  auto sum = V::all(kPower[5]);
  for (int k = 4; k >= 0; --k) sum = V::fma(sum, rest, V::all(kPower[k]));
  return V::times_power_of_two(sum, whole);
}

}  // namespace
}  // namespace longplay::operators
