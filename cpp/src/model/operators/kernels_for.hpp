// The kernels, written once for all instruction sets. A file that is compiled for one of them defines a class
// `V` of vector operations, and names `kKernelsFor<V>`. All of them round in the same way, so their results
// are equal to the bit.
//
//   kName                  of the instruction set
//   Floats, kWidth         a vector, and its number of lanes; kLanes is a multiple of kWidth
//   kRows                  rows of inputs that one pass over the weights multiplies
//   accumulate(...)        a panel of weights times up to kRows rows, added up
//   load, store, load_half, store_half, store_bytes
//                          `count` numbers, at most kWidth; the other lanes become 0. All NaN are stored
//                          alike; store_bytes takes none
//   all, add, sub, mul, div, min, max, fma, nearest, times_power_of_two, real
//   root                   of one number
//
// Inline functions here must not be shared with files compiled for fewer instructions. So everything is in an
// unnamed namespace, and no header of the standard library with inline functions is used.
#pragma once

#include "model/operators/attention_for.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/layers_for.hpp"
#include "model/operators/vectors_for.hpp"

namespace longplay::operators {
namespace {

// The sums of the products of a row and a panel.
struct Sums {
  alignas(64) std::int32_t of[kBlocks * kLanes];

  std::int32_t* block(std::size_t number) { return of + number * kLanes; }
  const std::int32_t* block(std::size_t number) const { return of + number * kLanes; }
};

// Calls `finish(blocks, row, sums)` for each panel and row.
template <typename V, typename Finish>
inline void multiply_all(const Panels& weights, const std::uint8_t* x, std::size_t rows,
                         const Finish& finish) {
  Sums sums[V::kRows];
  for (std::size_t panel = 0; panel < weights.count; ++panel) {
    for (std::size_t row = 0; row < rows; row += V::kRows) {
      const std::size_t count = least(rows - row, V::kRows);
      V::accumulate(weights, panel, x + row * weights.groups * kGroup, count, sums);
      for (std::size_t r = 0; r < count; ++r) finish(weights.blocks + panel * kBlocks, row + r, sums[r]);
    }
  }
}

// A vector of a block's lanes: the `part`th.
template <typename V>
struct Part {
  std::size_t lane;
  std::size_t offset;
  std::size_t count;

  Part(const Block& block, std::size_t part)
      : lane(part * V::kWidth), offset(block.first + lane), count(left(lane, block.lanes, V::kWidth)) {}
};

// Returns sums * scale + bias, rounded after each operation, as the nodes of the ONNX function do.
template <typename V>
inline typename V::Floats product(const std::int32_t* sums, const float* scale, const float* bias,
                                  const Part<V>& part) {
  return V::add(V::mul(V::real(sums + part.lane), V::load(scale + part.offset, part.count)),
                V::load(bias + part.offset, part.count));
}

// Powers below this make the product of three finite.
constexpr float kMostForGates = 40;

template <typename V>
inline typename V::Floats tanh(typename V::Floats x) {
  const auto falling = power<V>(x, -2, kMostForGates);
  return V::div(V::sub(V::all(1), falling), V::add(V::all(1), falling));
}

template <typename V>
struct Gates {
  typename V::Floats input, forget, output, candidate;
};

// One step of up to kWidth units. sigmoid(x) is 1 / (1 + e^-x), and tanh(x) is (1 - e^-2x) / (1 + e^-2x).
// The fractions share one denominator, so one division is enough.
template <typename V>
inline void step_units(const Gates<V>& gates, const float* cells, float* h, float* next_cells,
                       std::size_t count) {
  const auto one = V::all(1);
  const auto below_forget = V::add(one, power<V>(gates.forget, -1, kMostForGates));
  const auto fresh = power<V>(gates.candidate, -2, kMostForGates);
  const auto below_fresh = V::mul(V::add(one, power<V>(gates.input, -1, kMostForGates)), V::add(one, fresh));
  const auto kept = V::mul(V::load(cells, count), below_fresh);
  const auto written = V::mul(V::sub(one, fresh), below_forget);
  const auto next = V::div(V::add(kept, written), V::mul(below_forget, below_fresh));
  const auto shown = power<V>(next, -2, kMostForGates);
  const auto below = V::mul(V::add(one, power<V>(gates.output, -1, kMostForGates)), V::add(one, shown));
  V::store(next_cells, count, next);
  V::store(h, count, V::div(V::sub(one, shown), below));
}

// Divides by 1/127 instead of multiplying by 127, as the ONNX function does, so that ties round in the same
// way.
template <typename V>
inline void store_quantised(std::uint8_t* bytes, std::size_t count, typename V::Floats values) {
  const auto steps = V::div(values, V::all(1.0F / 127));
  // If an operand is NaN, min and max return the second one, so NaN becomes -128.
  V::store_bytes(bytes, count, V::max(V::min(V::all(127), steps), V::all(-128)));
}

inline void fill_with_zeros(std::uint8_t* begin, const std::uint8_t* end) {
  while (begin < end) *begin++ = 0;
}

template <typename V>
void quantise(const float* x, std::size_t rows, std::size_t width, std::size_t row_bytes,
              std::uint8_t* quantised) {
  for (std::size_t row = 0; row < rows; ++row, x += width, quantised += row_bytes) {
    for_vectors<V>(width, [=](std::size_t offset, std::size_t count) {
      store_quantised<V>(quantised + offset, count, V::load(x + offset, count));
    });
    fill_with_zeros(quantised + width, quantised + row_bytes);
  }
}

template <typename V>
void multiply(const Panels& weights, const std::uint8_t* x, std::size_t rows, const float* scale,
              PerOutput bias, std::size_t outputs, float* y) {
  multiply_all<V>(weights, x, rows, [=](const Block* blocks, std::size_t row, const Sums& sums) {
    for (std::size_t b = 0; b < kBlocks; ++b) {
      for (std::size_t number = 0; number < kLanes / V::kWidth; ++number) {
        const Part<V> part(blocks[b], number);
        const auto values = product<V>(sums.block(b), scale, bias.values + row * bias.stride, part);
        V::store(y + row * outputs + part.offset, part.count, values);
      }
    }
  });
}

template <typename V>
void multiply_and_step(const Panels& weights, const std::uint8_t* x, std::size_t rows, const float* scale,
                       PerOutput bias, std::size_t units, const float* cells, float* h, float* next_cells) {
  multiply_all<V>(weights, x, rows, [=](const Block* blocks, std::size_t row, const Sums& sums) {
    for (std::size_t number = 0; number < kLanes / V::kWidth; ++number) {
      const auto gate = [&](std::size_t b) {
        return product<V>(sums.block(b), scale, bias.values + row * bias.stride, Part<V>(blocks[b], number));
      };
      const Part<V> part(blocks[0], number);
      const std::size_t offset = row * units + part.offset;
      step_units<V>({gate(0), gate(1), gate(2), gate(3)}, cells + offset, h + offset, next_cells + offset,
                    part.count);
    }
  });
}

template <typename V>
void step_cells(const float* gates, std::size_t rows, std::size_t units, const float* cells, float* h,
                float* next_cells) {
  for (std::size_t row = 0; row < rows; ++row) {
    for_vectors<V>(units, [=](std::size_t unit, std::size_t count) {
      const auto gate = [=](std::size_t b) {
        return V::load(gates + (row * kBlocks + b) * units + unit, count);
      };
      const std::size_t offset = row * units + unit;
      step_units<V>({gate(0), gate(1), gate(2), gate(3)}, cells + offset, h + offset, next_cells + offset,
                    count);
    });
  }
}

template <typename V>
inline typename V::Floats embedded(const Embeddings& embeddings, std::size_t row, std::size_t offset,
                                   std::size_t count) {
  const std::size_t* const chosen = embeddings.chosen + row * embeddings.count;
  auto sum = V::all(0);
  for (std::size_t number = 0; number < embeddings.count; ++number) {
    sum = V::add(sum, V::load_half(embeddings.table + chosen[number] * embeddings.width + offset, count));
  }
  return sum;
}

template <typename V>
void sum_embeddings(const Embeddings& embeddings, std::size_t rows, float* sums) {
  for (std::size_t row = 0; row < rows; ++row, sums += embeddings.width) {
    for_vectors<V>(embeddings.width, [&](std::size_t offset, std::size_t count) {
      V::store(sums + offset, count, embedded<V>(embeddings, row, offset, count));
    });
  }
}

template <typename V>
void quantise_hidden(const Embeddings& embeddings, const float* x, std::size_t stride, std::size_t rows,
                     std::size_t row_bytes, std::uint8_t* quantised) {
  for (std::size_t row = 0; row < rows; ++row, x += stride, quantised += row_bytes) {
    for_vectors<V>(embeddings.width, [&](std::size_t offset, std::size_t count) {
      const auto sum = V::add(V::load(x + offset, count), embedded<V>(embeddings, row, offset, count));
      store_quantised<V>(quantised + offset, count, tanh<V>(sum));
    });
    fill_with_zeros(quantised + embeddings.width, quantised + row_bytes);
  }
}

template <typename V>
constexpr Kernels kKernelsFor{.name = V::kName,
                              .quantise = quantise<V>,
                              .multiply = multiply<V>,
                              .multiply_and_step = multiply_and_step<V>,
                              .step_cells = step_cells<V>,
                              .sum_embeddings = sum_embeddings<V>,
                              .quantise_hidden = quantise_hidden<V>,
                              .normalise = normalise<V>,
                              .add_and_normalise = add_and_normalise<V>,
                              .open_gates = open_gates<V>,
                              .add_earlier = add_earlier<V>,
                              .attend = attend<V>};

}  // namespace
}  // namespace longplay::operators
