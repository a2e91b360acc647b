// The kernel of attention, written once for all instruction sets; see kernels_for.hpp.
#pragma once

#include "model/operators/vectors_for.hpp"

namespace longplay::operators {
namespace {

constexpr std::size_t kPass = 2 * kLanes;  // slots, or channels, that a loop takes at a time
constexpr std::size_t kSlotsAhead = 16;    // of which values are fetched early
constexpr float kMostDoublings = 100;      // the sum of 2^27 such weights is finite

// Scales a head to the length `length`, and rotates its first pairs of channels.
template <typename V>
inline void turn(const AttentionShape& shape, const float* x, float length, const float* cos,
                 const float* sin, float* turned) {
  const float squares = sum_vectors<V>(shape.channels, [=](std::size_t offset) {
    const auto some = V::load(x + offset, V::kWidth);
    return V::mul(some, some);
  });
  const auto factor = V::all(squares > 0 ? length / V::root(squares) : 0);
  const std::size_t half = shape.channels / 2;
  for_vectors<V>(half, [=](std::size_t offset, std::size_t count) {
    const std::size_t turning = left(offset, shape.turning, count);
    const auto a = V::mul(V::load(x + offset, count), factor);
    const auto b = V::mul(V::load(x + half + offset, count), factor);
    V::store(turned + offset, count, a);
    V::store(turned + half + offset, count, b);
    if (turning == 0) return;
    const auto c = V::load(cos + offset, turning), s = V::load(sin + offset, turning);
    V::store(turned + offset, turning, V::sub(V::mul(a, c), V::mul(b, s)));
    V::store(turned + half + offset, turning, V::add(V::mul(b, c), V::mul(a, s)));
  });
}

// Writes the key and the value of the current note to its slot.
template <typename V>
inline void remember(const AttentionShape& shape, std::size_t slot, const float* key, const float* value,
                     std::uint16_t* keys, std::uint16_t* values) {
  for_vectors<V>(shape.channels, [=](std::size_t offset, std::size_t count) {
    std::uint16_t halves[V::kWidth];
    V::store_half(halves, count, V::load(key + offset, count));
    for (std::size_t c = 0; c < count; ++c) keys[(offset + c) * shape.slots + slot] = halves[c];
    V::store_half(values + slot * shape.channels + offset, count, V::load(value + offset, count));
  });
}

// Weights of the slots of one pass, for `Heads` queries: e^(query * key), and 0 from the slot `filled` on.
template <typename V, std::size_t Heads>
inline void weigh(const AttentionShape& shape, const float* queries, const std::uint16_t* keys,
                  std::size_t filled, float* weights) {
  constexpr std::size_t kParts = kPass / V::kWidth;
  typename V::Floats logits[Heads][kParts];
  for (auto& head : logits) {
    for (auto& part : head) part = V::all(0);
  }
  for (std::size_t c = 0; c < shape.channels; ++c, keys += shape.slots) {
    prefetch(keys + 2 * kPass);
    for (std::size_t part = 0; part < kParts; ++part) {
      const auto key = V::load_half(keys + part * V::kWidth, V::kWidth);
      for (std::size_t head = 0; head < Heads; ++head) {
        const auto query = V::all(queries[head * shape.channels + c]);
        logits[head][part] = V::fma(query, key, logits[head][part]);
      }
    }
  }
  for (std::size_t head = 0; head < Heads; ++head) {
    float* const row = weights + head * shape.slots;
    for (std::size_t part = 0; part < kParts; ++part)
      V::store(row + part * V::kWidth, V::kWidth, power<V>(logits[head][part], 1, kMostDoublings));
    for (std::size_t slot = filled; slot < kPass; ++slot) row[slot] = 0;
  }
}

// Adds the weighted values of a ring to `Parts` vectors of the means, which are (Heads, channels), from
// `channel` on.
template <typename V, std::size_t Heads, std::size_t Parts>
inline void add_values(const AttentionShape& shape, std::size_t channel, std::size_t first, std::size_t count,
                       const float* weights, const std::uint16_t* values, float* means) {
  typename V::Floats sums[Heads][Parts];
  for (std::size_t head = 0; head < Heads; ++head) {
    for (std::size_t part = 0; part < Parts; ++part)
      sums[head][part] = V::load(means + head * shape.channels + channel + part * V::kWidth, V::kWidth);
  }
  const std::uint16_t* row = values + first * shape.channels + channel;
  for (std::size_t slot = first; slot < first + count; ++slot, row += shape.channels) {
    prefetch(row + kSlotsAhead * shape.channels);
    for (std::size_t part = 0; part < Parts; ++part) {
      const auto value = V::load_half(row + part * V::kWidth, V::kWidth);
      for (std::size_t head = 0; head < Heads; ++head) {
        const auto weight = V::all(weights[head * shape.slots + slot]);
        sums[head][part] = V::fma(weight, value, sums[head][part]);
      }
    }
  }
  for (std::size_t head = 0; head < Heads; ++head) {
    for (std::size_t part = 0; part < Parts; ++part)
      V::store(means + head * shape.channels + channel + part * V::kWidth, V::kWidth, sums[head][part]);
  }
}

// The same for all channels, as many at a time as sixteen registers hold.
template <typename V, std::size_t Heads>
inline void add_all_values(const AttentionShape& shape, std::size_t first, std::size_t count,
                           const float* weights, const std::uint16_t* values, float* means) {
  constexpr std::size_t kMost = 4, kLeast = least(kMost, kPass / V::kWidth);
  std::size_t channel = 0;
  for (; channel + kMost * V::kWidth <= shape.channels; channel += kMost * V::kWidth)
    add_values<V, Heads, kMost>(shape, channel, first, count, weights, values, means);
  for (; channel < shape.channels; channel += kLeast * V::kWidth)
    add_values<V, Heads, kLeast>(shape, channel, first, count, weights, values, means);
}

// The weighted means of `Heads` queries that share keys and values.
template <typename V, std::size_t Heads>
inline void attend_heads(const AttentionShape& shape, const AttentionRow& row, const float* queries,
                         const float* sinks, const std::uint16_t* keys, const std::uint16_t* values,
                         float* weights, float* y) {
  float totals[Heads] = {};
  for (std::size_t i = 0; i < Heads * shape.channels; ++i) y[i] = 0;
  for (std::size_t ring = 0; ring < shape.rings; ++ring) {
    const std::size_t first = shape.begins[ring], seen = row.seen[ring];
    for (std::size_t slot = 0; slot < seen; slot += kPass)
      weigh<V, Heads>(shape, queries, keys + first + slot, left(slot, seen, kPass), weights + first + slot);
    const std::size_t padded = (seen + kPass - 1) / kPass * kPass;
    for (std::size_t head = 0; head < Heads; ++head) {
      const float* const from = weights + head * shape.slots + first;
      totals[head] +=
          sum_vectors<V>(padded, [=](std::size_t offset) { return V::load(from + offset, V::kWidth); });
    }
    add_all_values<V, Heads>(shape, first, seen, weights, values, y);
  }
  for (std::size_t head = 0; head < Heads; ++head) {
    const auto total = V::all(totals[head] + sinks[head]);
    for_vectors<V>(shape.channels, [=](std::size_t offset, std::size_t count) {
      float* const mean = y + head * shape.channels + offset;
      V::store(mean, count, V::div(V::load(mean, count), total));
    });
  }
}

template <typename V>
void attend(const AttentionShape& shape, const AttentionRow& row, float* scratch, float* y) {
  const std::size_t heads = shape.keys * shape.shared, channels = shape.channels;
  float* const turned = scratch;
  float* const weights = scratch + (heads + shape.keys) * channels;
  for (std::size_t head = 0; head < heads + shape.keys; ++head) {
    const float length = head < heads ? shape.lengths[head] : 1;
    turn<V>(shape, row.qkv + head * channels, length, row.cos, row.sin, turned + head * channels);
  }
  const float* const fresh = row.qkv + (heads + shape.keys) * channels;
  for (std::size_t key = 0; key < shape.keys; ++key) {
    std::uint16_t* const keys = row.keys + key * channels * shape.slots;
    std::uint16_t* const values = row.values + key * channels * shape.slots;
    remember<V>(shape, row.slot, turned + (heads + key) * channels, fresh + key * channels, keys, values);
    std::size_t head = key * shape.shared;
    const auto next = [&](std::size_t offset) { return offset * channels; };
    for (; head + 2 <= (key + 1) * shape.shared; head += 2) {
      attend_heads<V, 2>(shape, row, turned + next(head), shape.sinks + head, keys, values, weights,
                         y + next(head));
    }
    if (head < (key + 1) * shape.shared) {
      attend_heads<V, 1>(shape, row, turned + next(head), shape.sinks + head, keys, values, weights,
                         y + next(head));
    }
  }
}

}  // namespace
}  // namespace longplay::operators
