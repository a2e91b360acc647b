// Floor 4: logits -> value.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace longplay {

// How to draw one id from one row of logits. Names and meanings are those of Hugging Face and vLLM.
// The filters run in the order of the members; each one sees what the one before it kept.
struct SamplingParams {
  double temperature = 1.0;  // > 0; or 0, which takes the likeliest id and ignores the rest
  int top_k = 0;             // keep the k likeliest ids; 0 keeps all
  double top_p = 1.0;        // keep the fewest ids whose probabilities reach top_p, in (0, 1]
  double min_p = 0.0;        // drop ids below min_p times the highest probability, in [0, 1]

  // Throws std::invalid_argument that names the member, its value and its range.
  void validate() const;
};

struct Draw {
  std::int32_t id;
  float log_probability;  // nats, under softmax(logits): before bias, temperature and filters
};

// Draws ids. The result is a pure function of (logits, bias, params, u): the caller brings the
// randomness, so a row never depends on its neighbours in the batch.
//
// Owns the scratch memory, so a decode step allocates nothing. Use one Sampler per thread.
class Sampler {
 public:
  explicit Sampler(std::size_t max_size);

  // logits: one unnormalised log-probability per id. bias: empty, or one number per id, added to
  // the logits; -infinity forbids an id. u: uniform in [0, 1). Equal logits rank by id, lowest first.
  // Throws Error if a logit is NaN or +infinity, or if every id is forbidden.
  Draw draw(std::span<const float> logits, std::span<const float> bias,
            const SamplingParams& params, double u);

  // Natural log-probability of `id` under softmax(logits).
  float log_probability(std::span<const float> logits, std::int32_t id) const;

 private:
  std::vector<float> scaled_;
  std::vector<float> weights_;
};

}  // namespace longplay
