// The kernel of attention to notes in int8, written once for all instruction sets; see kernels_for.hpp.
#pragma once

#include "model/operators/vectors_for.hpp"

namespace longplay::operators {
namespace {

constexpr std::size_t kPass = 2 * kLanes;  // slots, or channels, that a loop takes at a time
constexpr float kMostDoublings = 100;      // the sum of 2^27 such weights is finite
constexpr float kSteps = 127;              // the largest integer of queries, keys and values
constexpr float kLeastRange = 0x1p-10F;    // of a head, so that no scale is 0
constexpr float kWeightSteps = 32767;      // the largest integer of weights
constexpr float kLeastWeight = 1e-30F;     // largest weight of a pass, so that no factor is infinite

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

// Limits numbers to a range. If an operand is NaN, min and max return the second one, so NaN becomes the
// lowest.
template <typename V>
inline typename V::Floats limited(typename V::Floats numbers, float lowest, float highest) {
  return V::max(V::min(V::all(highest), numbers), V::all(lowest));
}

// Returns the largest size of numbers, and at least kLeastRange. Ignores NaN.
template <typename V>
inline float range_of(const float* x, std::size_t count) {
  auto largest = V::all(kLeastRange);
  for_vectors<V>(count, [&](std::size_t offset, std::size_t some) {
    const auto numbers = V::load(x + offset, some);
    largest = V::max(V::max(numbers, V::sub(V::all(0), numbers)), largest);
  });
  return V::largest(largest);
}

// Rounds a head to integers of at most kSteps in size times a scale, which is in half precision. Adds kZero
// to the integers.
template <typename V>
inline float round_head(const float* x, std::size_t channels, std::uint8_t* bytes, std::uint16_t* half) {
  V::store_half(half, 1, V::all(range_of<V>(x, channels) / kSteps));
  float scale;
  V::store(&scale, 1, V::load_half(half, 1));
  for_vectors<V>(channels, [=](std::size_t offset, std::size_t count) {
    const auto steps = V::div(V::load(x + offset, count), V::all(scale));
    V::store_bytes(bytes + offset, count, limited<V>(steps, -kSteps, kSteps));
  });
  return scale;
}

// Queries as integers times a scale.
template <std::size_t Heads>
struct Queries {
  std::uint8_t bytes[Heads][kMostChannels];
  float scales[Heads];
  std::int32_t sums[Heads];  // of the integers

  std::int32_t four(std::size_t head, std::size_t group) const {
    std::uint32_t read;
    __builtin_memcpy(&read, bytes[head] + group * kGroup, kGroup);
    return static_cast<std::int32_t>(read ^ 0x80808080U);  // without kZero
  }
};

template <typename V, std::size_t Heads>
inline void quantise_queries(const float* queries, std::size_t channels, Queries<Heads>& quantised) {
  for (std::size_t head = 0; head < Heads; ++head, queries += channels) {
    std::uint16_t half;
    quantised.scales[head] = round_head<V>(queries, channels, quantised.bytes[head], &half);
    quantised.sums[head] = 0;
    for (std::size_t c = 0; c < channels; ++c) quantised.sums[head] += quantised.bytes[head][c] - kZero;
  }
}

// Writes the key and the value of the current note to its slot.
template <typename V>
inline void remember(const AttentionShape& shape, std::size_t slot, const float* key, const float* value,
                     Notes notes) {
  std::uint8_t bytes[kMostChannels];
  const std::size_t lane = slot % kLanes, block = (slot - lane) * shape.channels;
  round_head<V>(key, shape.channels, bytes, notes.scales + slot);
  for (std::size_t c = 0; c < shape.channels; ++c)
    notes.keys[block + (c / kGroup * kLanes + lane) * kGroup + c % kGroup] =
        static_cast<std::int8_t>(bytes[c] - kZero);
  round_head<V>(value, shape.channels, bytes, notes.scales + shape.slots + slot);
  for (std::size_t c = 0; c < shape.channels; ++c)
    notes.values[block + (lane / 2 * shape.channels + c) * 2 + lane % 2] =
        static_cast<std::int8_t>(bytes[c] - kZero);
}

// The weights of the slots of a pass, as integers times a step.
template <std::size_t Heads>
struct PassWeights {
  std::int16_t words[Heads][kPass];
  float steps[Heads];

  std::int32_t two(std::size_t head, std::size_t pair) const {
    std::int32_t read;
    __builtin_memcpy(&read, words[head] + 2 * pair, sizeof read);
    return read;
  }
};

// The products of `Heads` queries and the keys of a pass, as integers.
template <typename V, std::size_t Heads>
inline void multiply_keys(std::size_t channels, const Queries<Heads>& queries, const std::int8_t* keys,
                          typename V::Ints (&sums)[Heads][kPass / V::kWidth]) {
  constexpr std::size_t kParts = kPass / V::kWidth, kOfBlock = kLanes / V::kWidth;
  for (std::size_t head = 0; head < Heads; ++head) {
    for (auto& part : sums[head]) part = V::no_products(queries.sums[head]);
  }
  for (std::size_t group = 0; group < channels / kGroup; ++group, keys += kLanes * kGroup) {
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t block = part / kOfBlock * kLanes * channels;
      const auto fours = V::load_fours(keys + block + part % kOfBlock * V::kWidth * kGroup);
      for (std::size_t head = 0; head < Heads; ++head)
        sums[head][part] = V::add_fours(sums[head][part], fours, queries.four(head, group));
    }
  }
}

// Adds the weights of a pass to `totals`, a sum for each lane of a block. Rounds the weights times the scales
// of their values to integers times a step, which it returns.
template <typename V>
inline float round_weights(const float* weights, const std::uint16_t* scales, typename V::Floats* totals,
                           std::int16_t* words) {
  constexpr std::size_t kParts = kPass / V::kWidth, kOfBlock = kLanes / V::kWidth;
  typename V::Floats scaled[kParts];
  auto largest = V::all(kLeastWeight);
  for (std::size_t part = 0; part < kParts; ++part) {
    const auto weight = V::load(weights + part * V::kWidth, V::kWidth);
    totals[part % kOfBlock] = V::add(totals[part % kOfBlock], weight);
    scaled[part] = V::mul(weight, V::load_half(scales + part * V::kWidth, V::kWidth));
    largest = V::max(scaled[part], largest);
  }
  const float most = V::largest(largest);
  const auto factor = V::all(kWeightSteps / most);
  for (std::size_t part = 0; part < kParts; ++part)
    V::store_words(words + part * V::kWidth, limited<V>(V::mul(scaled[part], factor), 0, kWeightSteps));
  return most / kWeightSteps;
}

// Computes the weights of the pass from `slot` on, of which the first `filled` slots are filled.
template <typename V, std::size_t Heads>
inline void weigh(const AttentionShape& shape, const Queries<Heads>& queries, Notes notes, std::size_t slot,
                  std::size_t filled, typename V::Floats (&totals)[Heads][kLanes / V::kWidth],
                  PassWeights<Heads>& weights) {
  constexpr std::size_t kParts = kPass / V::kWidth;
  typename V::Ints sums[Heads][kParts];
  multiply_keys<V>(shape.channels, queries, notes.keys + slot * shape.channels, sums);
  const std::uint16_t* const scales = notes.scales + slot;
  for (std::size_t head = 0; head < Heads; ++head) {
    float each[kPass];
    for (std::size_t part = 0; part < kParts; ++part) {
      const auto scale = V::load_half(scales + part * V::kWidth, V::kWidth);
      const auto logit = V::mul(V::mul(V::real(sums[head][part]), V::all(queries.scales[head])), scale);
      V::store(each + part * V::kWidth, V::kWidth, power<V>(logit, 1, kMostDoublings));
    }
    for (std::size_t empty = filled; empty < kPass; ++empty) each[empty] = 0;
    weights.steps[head] = round_weights<V>(each, scales + shape.slots, totals[head], weights.words[head]);
  }
}

// Adds the weighted values of a pass to `Parts` vectors of the means, which are (Heads, channels), from
// `channel` on.
template <typename V, std::size_t Heads, std::size_t Parts>
inline void add_values(const AttentionShape& shape, std::size_t channel, const PassWeights<Heads>& weights,
                       const std::int8_t* values, float* means) {
  typename V::Ints sums[Heads][Parts];
  for (auto& head : sums) {
    for (auto& part : head) part = V::no_products(0);
  }
  values += 2 * channel;
  for (std::size_t pair = 0; pair < kPass / 2; ++pair, values += 2 * shape.channels) {
    for (std::size_t part = 0; part < Parts; ++part) {
      const auto twos = V::load_twos(values + 2 * part * V::kWidth);
      for (std::size_t head = 0; head < Heads; ++head)
        sums[head][part] = V::add_twos(sums[head][part], twos, weights.two(head, pair));
    }
  }
  for (std::size_t head = 0; head < Heads; ++head) {
    for (std::size_t part = 0; part < Parts; ++part) {
      float* const mean = means + head * shape.channels + channel + part * V::kWidth;
      V::store(mean, V::kWidth,
               V::fma(V::real(sums[head][part]), V::all(weights.steps[head]), V::load(mean, V::kWidth)));
    }
  }
}

// The same for all channels, as many at a time as sixteen registers hold.
template <typename V, std::size_t Heads>
inline void add_all_values(const AttentionShape& shape, const PassWeights<Heads>& weights,
                           const std::int8_t* values, float* means) {
  constexpr std::size_t kMost = 4, kLeast = least(kMost, kPass / V::kWidth);
  std::size_t channel = 0;
  for (; channel + kMost * V::kWidth <= shape.channels; channel += kMost * V::kWidth)
    add_values<V, Heads, kMost>(shape, channel, weights, values, means);
  for (; channel < shape.channels; channel += kLeast * V::kWidth)
    add_values<V, Heads, kLeast>(shape, channel, weights, values, means);
}

// The weighted means of `Heads` queries that share keys and values.
template <typename V, std::size_t Heads>
inline void attend_heads(const AttentionShape& shape, const std::size_t* seen, const float* queries,
                         const float* sinks, Notes notes, float* y) {
  constexpr std::size_t kParts = kLanes / V::kWidth;
  Queries<Heads> quantised;
  quantise_queries<V>(queries, shape.channels, quantised);
  typename V::Floats totals[Heads][kParts];
  for (auto& head : totals) {
    for (auto& part : head) part = V::all(0);
  }
  for (std::size_t i = 0; i < Heads * shape.channels; ++i) y[i] = 0;
  PassWeights<Heads> weights;
  for (std::size_t ring = 0; ring < shape.rings; ++ring) {
    for (std::size_t index = 0; index < seen[ring]; index += kPass) {
      const std::size_t slot = shape.begins[ring] + index;
      weigh<V>(shape, quantised, notes, slot, left(index, seen[ring], kPass), totals, weights);
      add_all_values<V>(shape, weights, notes.values + slot * shape.channels, y);
    }
  }
  for (std::size_t head = 0; head < Heads; ++head) {
    float lanes[kLanes];
    for (std::size_t part = 0; part < kParts; ++part)
      V::store(lanes + part * V::kWidth, V::kWidth, totals[head][part]);
    const auto total = V::all(sum_lanes(lanes) + sinks[head]);
    for_vectors<V>(shape.channels, [=](std::size_t offset, std::size_t count) {
      float* const mean = y + head * shape.channels + offset;
      V::store(mean, count, V::div(V::load(mean, count), total));
    });
  }
}

template <typename V>
void attend(const AttentionShape& shape, const AttentionRow& row, float* scratch, float* y) {
  const std::size_t heads = shape.keys * shape.shared, channels = shape.channels;
  for (std::size_t head = 0; head < heads + shape.keys; ++head) {
    const float length = head < heads ? shape.lengths[head] : 1;
    turn<V>(shape, row.qkv + head * channels, length, row.cos, row.sin, scratch + head * channels);
  }
  const float* const fresh = row.qkv + (heads + shape.keys) * channels;
  for (std::size_t key = 0; key < shape.keys; ++key) {
    const std::size_t offset = key * channels * shape.slots;
    const Notes notes{row.notes.keys + offset, row.notes.values + offset,
                      row.notes.scales + 2 * key * shape.slots};
    remember<V>(shape, row.slot, scratch + (heads + key) * channels, fresh + key * channels, notes);
    std::size_t head = key * shape.shared;
    for (; head + 2 <= (key + 1) * shape.shared; head += 2)
      attend_heads<V, 2>(shape, row.seen, scratch + head * channels, shape.sinks + head, notes,
                         y + head * channels);
    if (head < (key + 1) * shape.shared)
      attend_heads<V, 1>(shape, row.seen, scratch + head * channels, shape.sinks + head, notes,
                         y + head * channels);
  }
}

}  // namespace
}  // namespace longplay::operators
