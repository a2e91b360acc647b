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
struct SamplingParams {
  double temperature = 1.0;  // in [1e-6, 1e6]; or 0, which takes the likeliest id and ignores the rest
  int top_k = 0;             // keep the k likeliest ids; 0 keeps all
  double top_p = 1.0;        // keep the fewest ids whose probabilities reach top_p, in (0, 1]
  double min_p = 0.0;        // drop ids below min_p times the highest probability, in [0, 1]

  // Throws std::invalid_argument that names the member, its value and its range.
  void validate() const;

  bool operator==(const SamplingParams&) const = default;
};

// The bias of an id that must not be drawn.
inline constexpr float kForbidden = -std::numeric_limits<float>::infinity();

struct Draw {
  std::int32_t id;
  float log_probability;  // nats, under softmax(logits): before bias, temperature and filters
};

// Draws ids. The result is a pure function of (logits, bias, params, u): the caller supplies the
// random number, so a row never depends on its neighbours in the batch.
//
// Owns the scratch memory, so a decode step allocates nothing. Use one Sampler per thread.
class Sampler {
 public:
  static constexpr std::size_t kMaxSize = std::size_t{1} << 20;  // sums of weights stay exact in a double

  // max_size: ids in the longest row, in [1, kMaxSize]; std::invalid_argument otherwise.
  explicit Sampler(std::size_t max_size);

  // logits: one unnormalised log-probability per id. bias: empty, or one number per id, added to
  // the logits; -infinity forbids an id. u: uniform in [0, 1). Equal logits rank by id, lowest first.
  // Throws Error if a logit, with its bias, is NaN or +infinity, or if every id is forbidden;
  // std::invalid_argument for params out of range, u out of range or a size that does not fit.
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
