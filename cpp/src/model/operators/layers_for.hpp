// The kernels of a Transformer's layers beside attention, written once for all instruction sets; see
// kernels_for.hpp.
#pragma once

#include "model/operators/vectors_for.hpp"

namespace longplay::operators {
namespace {

constexpr float kEpsilon = 1e-5F;       // added to the variance
constexpr float kLowestGate = -100;     // e^-100 is nothing beside 1
constexpr float kMostForOneGate = 100;  // power of two

template <typename V>
inline void normalise_row(const float* x, std::size_t width, const float* gain, float* y) {
  const auto size = static_cast<float>(width);
  const float mean =
      sum_vectors<V>(width, [=](std::size_t offset) { return V::load(x + offset, V::kWidth); }) / size;
  const float variance = sum_vectors<V>(width,
                                        [=](std::size_t offset) {
                                          const auto apart =
                                              V::sub(V::load(x + offset, V::kWidth), V::all(mean));
                                          return V::mul(apart, apart);
                                        }) /
                         size;
  const auto deviation = V::all(V::root(variance + kEpsilon));
  for_vectors<V>(width, [=](std::size_t offset, std::size_t count) {
    const auto apart = V::sub(V::load(x + offset, count), V::all(mean));
    V::store(y + offset, count, V::mul(V::div(apart, deviation), V::load(gain + offset, count)));
  });
}

template <typename V>
void normalise(const float* x, std::size_t rows, std::size_t width, const float* gain, float* y) {
  for (std::size_t row = 0; row < rows; ++row, x += width, y += width) normalise_row<V>(x, width, gain, y);
}

template <typename V>
void add_and_normalise(const float* x, const float* added, std::size_t rows, std::size_t width,
                       const float* gain, float* y, float* sum) {
  for_vectors<V>(rows * width, [=](std::size_t offset, std::size_t count) {
    V::store(sum + offset, count, V::add(V::load(x + offset, count), V::load(added + offset, count)));
  });
  normalise<V>(sum, rows, width, gain, y);
}

// gate * sigmoid(gate) * value, where sigmoid(x) is 1 / (1 + e^-x).
template <typename V>
void open_gates(const float* both, std::size_t rows, std::size_t units, float* y) {
  for (std::size_t row = 0; row < rows; ++row, both += 2 * units, y += units) {
    for_vectors<V>(units, [=](std::size_t unit, std::size_t count) {
      // If an operand is NaN, max returns the second one.
      const auto gate = V::max(V::all(kLowestGate), V::load(both + unit, count));
      const auto below = V::add(V::all(1), power<V>(gate, -1, kMostForOneGate));
      V::store(y + unit, count, V::mul(V::div(gate, below), V::load(both + units + unit, count)));
    });
  }
}

template <typename V>
void add_earlier(const float* x, const float* earlier, std::size_t rows, std::size_t width, const float* part,
                 float* sum, float* next_earlier) {
  for (std::size_t row = 0; row < rows; ++row) {
    for_vectors<V>(width, [=](std::size_t column, std::size_t count) {
      const std::size_t offset = row * width + column;
      const auto now = V::load(x + offset, count);
      const auto added = V::mul(V::load(earlier + offset, count), V::load(part + column, count));
      V::store(sum + offset, count, V::add(now, added));
      V::store(next_earlier + offset, count, now);
    });
  }
}

}  // namespace
}  // namespace longplay::operators
