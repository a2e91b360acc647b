// Samples ids from logits. docs/sampling.md defines the parameters and the guarantees of the arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace longplay {

// How to draw one id from one row of logits. Names and meanings are those of Hugging Face and vLLM.
// The filters run in the order of the members; each one filters the ids that the previous one kept.
// Every value has a meaning here, NaN included; Python's settings declare the ranges.
struct SamplingParams {
  double temperature;  // divides the logits; if not above 0, take the likeliest id and ignore the rest
  int top_k;           // keep the k likeliest ids; if not above 0, all
  double top_p;  // keep the fewest ids whose probabilities reach top_p, at least one; if not below 1, all
  double min_p;  // drop ids below min_p times the highest probability; 1 and above keep only the likeliest

  bool operator==(const SamplingParams&) const = default;
};

// Draws from the model's own distribution.
inline constexpr SamplingParams kSamplingOff{.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0};

// The bias of an id that must not be drawn.
inline constexpr float kForbidden = -std::numeric_limits<float>::infinity();

// Forbids each id for which `refuses(id)` is true, unless no id would be left.
template <typename Refuses>
void forbid_where(const Refuses& refuses, std::span<float> bias) {
  const auto allowed = [&](std::size_t id) { return bias[id] != kForbidden && !refuses(id); };
  bool some = false;
  for (std::size_t id = 0; id < bias.size() && !some; ++id) some = allowed(id);
  for (std::size_t id = 0; id < bias.size() && some; ++id) {
    if (!allowed(id)) bias[id] = kForbidden;
  }
}

struct Draw {
  std::int32_t id;
  float log_probability;  // nats, under softmax(logits): before bias, temperature and filters
};

// Draws ids. The result is a pure function of (logits, bias, params, u). The caller supplies the
// random number, so a row never depends on its neighbours in the batch.
//
// Owns the scratch memory, so a decode step allocates nothing. Use one Sampler per thread.
class Sampler {
 public:
  static constexpr std::size_t kMaxSize = std::size_t{1} << 20;  // sums of weights stay exact in a double

  // max_size: ids in the longest row. Throws std::invalid_argument if it is not in [1, kMaxSize].
  explicit Sampler(std::size_t max_size);

  // logits: one unnormalised log-probability per id. bias: empty, or one number per id, added to
  // the logits; -infinity forbids an id. u: uniform in [0, 1). Equal logits rank by id, lowest first.
  // Throws Error if a logit, with its bias, is NaN or +infinity, or if every id is forbidden;
  // std::invalid_argument for u out of range or a size that does not fit.
  Draw draw(std::span<const float> logits, std::span<const float> bias, const SamplingParams& params,
            double u);

  // Natural log-probability of `id` under softmax(logits). Throws as `draw` does.
  float log_probability(std::span<const float> logits, std::int32_t id) const;

 private:
  std::vector<std::int32_t> keys_;     // integers that order as the biased logits do
  std::vector<std::int32_t> weights_;  // probabilities in units of 2^-30 of the highest
  std::vector<std::int32_t> ones_;     // unit weights, for top_k
};

}  // namespace longplay
