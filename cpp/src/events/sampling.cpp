// All decisions are made on integers: logits become keys in the same order, and probabilities become
// fixed-point weights. Integer sums do not depend on the order of summation. So a compiler may vectorise
// every loop here at any width, and the draws stay the same.
#include "events/sampling.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <string>

#include "events/tokenizer.hpp"

// One function, compiled for several instruction sets and chosen when the library is loaded (glibc's
// IFUNC, which runs too early for the sanitizers).
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LONGPLAY_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define LONGPLAY_CLONES
#endif

namespace longplay {
namespace {

using Key = std::int32_t;
using Weight = std::int32_t;

constexpr int kWeightBits = 30;  // the highest weight is 2^30
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Flips the magnitude bits of negative numbers, so that comparing integers compares the floats.
// Its own inverse on bit patterns.
constexpr std::int32_t flip(std::int32_t bits) { return bits ^ ((bits >> 31) & 0x7fffffff); }
constexpr Key to_key(float value) {
  return flip(std::bit_cast<std::int32_t>(value + 0.0F));  // -0 becomes 0
}
constexpr float from_key(Key key) { return std::bit_cast<float>(flip(key)); }

constexpr Key kForbiddenKey = to_key(kForbidden);  // a negative NaN is below it
constexpr Key kInfinite = to_key(kInfinity);       // a positive NaN is above it

// Taylor series of 2^f: (ln 2)^k / k!. On [-1/2, 1/2] the next term is below 1.3e-7.
constexpr std::array<float, 7> kExp2 = [] {
  std::array<float, 7> coefficients{};
  double term = 1.0;
  for (std::size_t k = 0; k < coefficients.size(); ++k) {
    coefficients[k] = static_cast<float>(term);
    term *= std::numbers::ln2 / static_cast<double>(k + 1);
  }
  return coefficients;
}();

// Returns 2^(kWeightBits - halvings), rounded to an integer; halvings >= 0. Does not use libm's exp2, whose
// results differ between machines.
inline Weight weight_after(float halvings) {
  // Past 40 the weight is 0. The bits of positive floats have the order of the floats. Unlike a minimum of
  // floats, one of integers lets compilers vectorise without flags that ignore NaN.
  constexpr auto kMost = std::bit_cast<std::int32_t>(40.0F);
  const auto bits = std::bit_cast<std::int32_t>(halvings);
  const auto bounded = std::bit_cast<float>(bits < kMost ? bits : kMost);
  const auto whole = static_cast<std::int32_t>(bounded + 0.5F);
  const float f = static_cast<float>(whole) - bounded;  // in [-1/2, 1/2]
  const float f2 = f * f;
  const float low = kExp2[1] * f + kExp2[0];  // in pairs: one long chain would stall the CPU
  const float middle = kExp2[3] * f + kExp2[2];
  const float high = kExp2[5] * f + kExp2[4];
  const float power = ((kExp2[6] * f2 + high) * f2 + middle) * f2 + low;
  const auto scale = std::bit_cast<float>((kWeightBits + 127 - whole) << 23);
  return static_cast<Weight>(power * scale + 0.5F);
}

struct KeyRange {
  Key lowest;
  Key highest;
};

LONGPLAY_CLONES KeyRange make_keys(const float* logits, Key* keys, std::size_t size) {
  Key lowest = std::numeric_limits<Key>::max();
  Key highest = std::numeric_limits<Key>::min();
  for (std::size_t i = 0; i < size; ++i) {
    const Key key = to_key(logits[i]);
    keys[i] = key;
    lowest = key < lowest ? key : lowest;
    highest = key > highest ? key : highest;
  }
  return {lowest, highest};
}

// Also reports whether all biases are zero.
LONGPLAY_CLONES KeyRange make_biased_keys(const float* logits, const float* bias, Key* keys, std::size_t size,
                                          bool& changes_nothing) {
  Key lowest = std::numeric_limits<Key>::max();
  Key highest = std::numeric_limits<Key>::min();
  std::int32_t seen = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Key key = to_key(logits[i] + bias[i]);
    keys[i] = key;
    lowest = key < lowest ? key : lowest;
    highest = key > highest ? key : highest;
    seen |= std::bit_cast<std::int32_t>(bias[i]);
  }
  changes_nothing = seen == 0;
  return {lowest, highest};
}

LONGPLAY_CLONES KeyRange key_range(const float* logits, std::size_t size) {
  Key lowest = std::numeric_limits<Key>::max();
  Key highest = std::numeric_limits<Key>::min();
  for (std::size_t i = 0; i < size; ++i) {
    const Key key = to_key(logits[i]);
    lowest = key < lowest ? key : lowest;
    highest = key > highest ? key : highest;
  }
  return {lowest, highest};
}

// Weights of softmax(scale * keys); returns their sum.
LONGPLAY_CLONES std::int64_t make_weights(const Key* keys, Weight* weights, std::size_t size, float highest,
                                          float scale) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Weight weight = weight_after((highest - from_key(keys[i])) * scale);
    weights[i] = weight;
    sum += weight;
  }
  return sum;
}

LONGPLAY_CLONES std::int64_t sum_of_weights(const float* logits, std::size_t size, float highest,
                                            float scale) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += weight_after((highest - logits[i]) * scale);
  return sum;
}

// A row cut in two at a key.
struct Split {
  std::int64_t mass_above;  // weight of the keys at or above the cut
  Key lowest_above;         // the nearest key on each side
  Key highest_below;
};

// At least one key must be at or above the cut, and one below. Going upwards from the cut, and around the end
// of the integers, the first key is the lowest above. The last key is the highest below.
LONGPLAY_CLONES Split split(const Key* keys, const Weight* weights, std::size_t size, Key cut) {
  std::int64_t mass = 0;
  auto first = std::numeric_limits<std::uint32_t>::max();
  auto last = std::numeric_limits<std::uint32_t>::min();
  for (std::size_t i = 0; i < size; ++i) {
    mass += weights[i] &
            -static_cast<Weight>(keys[i] >= cut);  // a mask instead of a branch, so that the loop vectorises
    const std::uint32_t distance = static_cast<std::uint32_t>(keys[i]) - static_cast<std::uint32_t>(cut);
    first = distance < first ? distance : first;
    last = distance > last ? distance : last;
  }
  const auto from_cut = [cut](std::uint32_t distance) {
    return static_cast<Key>(static_cast<std::uint32_t>(cut) + distance);
  };
  return {mass, from_cut(first), from_cut(last)};
}

// Where a ranking by key, then by id, is cut off: the last that stays.
struct Last {
  Key key;
  std::int32_t id;
};

// Returns the end of the shortest top of the ranking that weighs at least `target`. The whole row must weigh
// so much. Bisects over keys that are in the row, so it needs no sorting and at most 32 passes.
Last last_kept(const Key* keys, const Weight* weights, std::size_t size, KeyRange range,
               std::int64_t target) {
  std::int64_t mass_over_highest = 0;
  while (range.lowest < range.highest) {
    const auto middle = static_cast<Key>((std::int64_t{range.lowest} + range.highest + 1) >> 1);
    const Split at = split(keys, weights, size, middle);
    if (at.mass_above >= target) {
      range.lowest = at.lowest_above;
    } else {
      range.highest = at.highest_below;
      mass_over_highest = at.mass_above;
    }
  }
  std::int64_t missing = target - mass_over_highest;
  for (std::size_t i = 0;; ++i) {
    if (keys[i] != range.highest) continue;
    missing -= weights[i];
    if (missing <= 0) return {range.highest, static_cast<std::int32_t>(i)};
  }
}

// Sets the weight of every key below `lowest` to 0; returns the sum of the rest.
LONGPLAY_CLONES std::int64_t drop_keys_below(const Key* keys, Weight* weights, std::size_t size, Key lowest) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Weight weight = weights[i] & -static_cast<Weight>(keys[i] >= lowest);
    weights[i] = weight;
    sum += weight;
  }
  return sum;
}

// Sets the weight of all keys that rank after `last` to 0; returns the sum of the rest.
std::int64_t drop_after(const Key* keys, Weight* weights, std::size_t size, Last last) {
  const std::size_t up_to_last = static_cast<std::size_t>(last.id) + 1;
  return drop_keys_below(keys, weights, up_to_last, last.key) +
         drop_keys_below(keys + up_to_last, weights + up_to_last, size - up_to_last, last.key + 1);
}

LONGPLAY_CLONES std::int64_t drop_weights_below(Weight* weights, std::size_t size, Weight threshold) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Weight weight = weights[i] & -static_cast<Weight>(weights[i] >= threshold);
    weights[i] = weight;
    sum += weight;
  }
  return sum;
}

// Returns the id whose share of [0, sum) contains `point`; shares are in the order of the ids. Skips many ids
// at a time where possible.
std::int32_t id_at(const Weight* weights, std::size_t size, std::int64_t point) {
  constexpr std::size_t kMany = 16;
  std::size_t id = 0;
  for (; id + kMany <= size; id += kMany) {
    std::int64_t share = 0;
    for (std::size_t i = 0; i < kMany; ++i) share += weights[id + i];
    if (point < share) break;
    point -= share;
  }
  while (point >= weights[id]) point -= weights[id++];
  return static_cast<std::int32_t>(id);
}

std::int64_t at_least(double value) { return static_cast<std::int64_t>(std::ceil(value)); }

// Halvings of the weight for each nat. A normal float: 0 or infinity, multiplied by the distance of the
// likeliest or of a forbidden id, would be NaN.
float scale_of(double temperature) {
  using Limits = std::numeric_limits<float>;
  return static_cast<float>(
      std::clamp<double>(std::numbers::log2e / temperature, Limits::min(), Limits::max()));
}

// Nats of `logit` when exp(logits - highest) sums to `sum` weights. std::log may differ in its last
// bit between machines; no draw depends on it.
float nats(float logit, float highest, std::int64_t sum) {
  const double normaliser = std::log(static_cast<double>(sum)) - kWeightBits * std::numbers::ln2;
  return static_cast<float>(static_cast<double>(logit) - static_cast<double>(highest) - normaliser);
}

constexpr float kLog2e = std::numbers::log2e_v<float>;

void check_range(KeyRange range, std::span<const float> logits, std::span<const float> bias) {
  if (range.lowest >= kForbiddenKey && range.highest < kInfinite && range.highest > kForbiddenKey) return;
  std::ostringstream message;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if ((bias.empty() ? logits[i] : logits[i] + bias[i]) < kInfinity) continue;
    message << "logits must be below +infinity and not NaN, and so must logits plus bias: id " << i
            << " has the logit " << logits[i];
    if (!bias.empty()) message << " and the bias " << bias[i];
    throw Error(message.str());
  }
  message << "every one of the " << logits.size() << " ids is forbidden (-infinity)";
  throw Error(message.str());
}

}  // namespace

Sampler::Sampler(std::size_t max_size) {
  require_range("max_size", max_size, 1, kMaxSize);
  keys_.resize(max_size);
  weights_.resize(max_size);
  ones_.assign(max_size, 1);
}

Draw Sampler::draw(std::span<const float> logits, std::span<const float> bias, const SamplingParams& params,
                   double u) {
  const std::size_t size = logits.size();
  require_range("the number of logits", size, 1, keys_.size());
  if (!bias.empty() && bias.size() != size)
    refuse("bias must be empty or hold " + std::to_string(size) + " numbers, one per logit", bias.size());
  if (!(u >= 0.0 && u < 1.0)) refuse("u must be in [0, 1)", u);

  Key* const keys = keys_.data();
  Weight* const weights = weights_.data();
  bool plain = bias.empty();
  const KeyRange range = plain ? make_keys(logits.data(), keys, size)
                               : make_biased_keys(logits.data(), bias.data(), keys, size, plain);
  check_range(range, logits, bias);
  const float highest = from_key(range.highest);

  std::int32_t id = 0;
  std::int64_t plain_sum = 0;  // of softmax(logits), if the draw computes it anyway
  if (!(params.temperature > 0.0)) {
    id = static_cast<std::int32_t>(std::find(keys, keys + size, range.highest) - keys);
  } else {
    const float scale = scale_of(params.temperature);
    std::int64_t sum = make_weights(keys, weights, size, highest, scale);
    if (plain && params.temperature == 1.0) plain_sum = sum;
    if (params.top_k > 0 && static_cast<std::size_t>(params.top_k) < size)
      sum = drop_after(keys, weights, size, last_kept(keys, ones_.data(), size, range, params.top_k));
    if (params.top_p < 1.0) {
      const std::int64_t target = at_least(std::max(params.top_p, 0.0) * static_cast<double>(sum));
      sum = drop_after(keys, weights, size, last_kept(keys, weights, size, range, target));
    }
    if (params.min_p > 0.0)
      sum = drop_weights_below(
          weights, size, static_cast<Weight>(at_least(std::min(params.min_p, 1.0) * (1 << kWeightBits))));
    id = id_at(weights, size, static_cast<std::int64_t>(u * static_cast<double>(sum)));
  }
  const float plain_highest = plain ? highest : from_key(key_range(logits.data(), size).highest);
  if (plain_sum == 0) plain_sum = sum_of_weights(logits.data(), size, plain_highest, kLog2e);
  return {id, nats(logits[static_cast<std::size_t>(id)], plain_highest, plain_sum)};
}

float Sampler::log_probability(std::span<const float> logits, std::int32_t id) const {
  require_at_least("the number of logits", logits.size(), 1);
  if (id < 0 || static_cast<std::size_t>(id) >= logits.size())
    refuse("id must be in [0, " + std::to_string(logits.size()) + ")", id);
  const KeyRange range = key_range(logits.data(), logits.size());
  check_range(range, logits, {});
  const float highest = from_key(range.highest);
  return nats(logits[static_cast<std::size_t>(id)], highest,
              sum_of_weights(logits.data(), logits.size(), highest, kLog2e));
}

}  // namespace longplay
