// Settings for tests. The core has no defaults.
#pragma once

#include "form/timeline.hpp"
#include "generator/generator.hpp"
#include "originality/quotes.hpp"
#include "score/score.hpp"

namespace longplay {

inline constexpr ReadOptions kRead{.sustain = true, .keep_drums = false, .piano_only = false};
inline constexpr WriteOptions kWrite{.running_status = true, .clip_ms = FormRules::kClipMs};

// Sampling params of which a test names only some.
struct Sampling {
  double temperature = kSamplingOff.temperature;
  int top_k = kSamplingOff.top_k;
  double top_p = kSamplingOff.top_p;
  double min_p = kSamplingOff.min_p;

  operator SamplingParams() const { return {temperature, top_k, top_p, min_p}; }
};

// Quotations of at least 60 bits.
inline constexpr QuoteOptions kQuotes{.least_bits = 60, .excluded_begin = 0, .excluded_end = 0};

// A recital of this length.
constexpr Form recital(std::int64_t length_ms) {
  return {.length_ms = length_ms, .recital = true, .steady = true, .two_hands = true, .playable = false};
}

// A recital with pieces of 20 to 50 seconds.
constexpr Form short_pieces(std::int64_t length_ms) {
  Form form = recital(length_ms);
  form.min_piece_ms = 20'000;
  form.max_piece_ms = 50'000;
  return form;
}

// One piece of this length.
constexpr Form one_piece(std::int64_t length_ms) {
  return {.length_ms = length_ms, .recital = false, .steady = true, .two_hands = true, .playable = false};
}

// Draws from a model of so many fields, without a form.
inline Request request(std::size_t fields, std::uint64_t events) {
  return {.random_seed = 0,
          .candidate = 0,
          .params = std::vector(fields, kSamplingOff),
          .bias = std::vector<std::vector<float>>(fields),
          .controls = {},
          .guidance_scale = kGuidanceOff,
          .max_events = events};
}

}  // namespace longplay
