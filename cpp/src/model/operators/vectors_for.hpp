// Loops over vectors, and powers, written once for all instruction sets; see kernels_for.hpp.
#pragma once

#include "model/operators/kernels.hpp"

namespace longplay::operators {
namespace {

constexpr std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

// Returns how many of `end` numbers are left from `offset` on, at most `most`.
inline std::size_t left(std::size_t offset, std::size_t end, std::size_t most) {
  return offset < end ? least(end - offset, most) : 0;
}

// Asks for the cache line of an address, which may lie outside of any array.
inline void prefetch(const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address, 0, 2);
#else
  (void)address;
#endif
}

// Calls `work(offset, count)` for each vector of `size` numbers.
template <typename V, typename Work>
inline void for_vectors(std::size_t size, const Work& work) {
  std::size_t offset = 0;
  for (; offset + V::kWidth <= size; offset += V::kWidth) work(offset, V::kWidth);
  if (offset < size) work(offset, size - offset);
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
