// Keeps five statistics of any five minutes of music within their ranges in the training music.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "events/tokenizer.hpp"

namespace longplay {

// Counts the notes of the last five minutes. If a statistic comes near the edge of its band, biases steer the
// next events away from that edge. The bias of an id grows with the statistic's deviation and with the id's
// effect on it. Within the bands nothing is changed. Takes constant time and memory, and stores only
// integers.
class Steering {
 public:
  // Sums over the notes of a time span.
  struct Sums {
    double ms = 0;     // length of the span
    double trust = 0;  // confidence in the sums; 1 once the span is long enough
    double notes = 0, pitches = 0, velocities = 0, squares = 0;
    std::array<double, 12> classes{};

    double variance() const {
      const double mean = velocities / notes;
      return squares / notes - mean * mean < 0 ? 0 : squares / notes - mean * mean;
    }
  };

  // For each statistic of `Bands`, how strongly to move it down (> 0) or up (< 0): 0 within the band, 1 at
  // its edge, at most 3.
  struct Pull {
    double notes_per_second = 0;
    double mean_pitch = 0;
    double distinct_pitches = 0;
    double velocity_spread = 0;
    double pitch_class_entropy = 0;
    Sums heard{};  // sums over the last five minutes
  };

  // Counts a note, which must not start earlier than the note before it.
  void push(const Note& note);

  Pull pull(const Bands& bands) const;

  // Returns the distance of each time shift from a medium one, in octaves (factors of two).
  static std::vector<float> octaves(std::span<const std::int32_t> time_shifts);

  // Add to the biases of a field. `values` are the values of the field's ids.
  void lean_time_shift(const Pull& pull, std::span<const float> octaves, std::span<float> bias) const;
  void lean_pitch(const Pull& pull, std::span<const std::int32_t> values, std::span<float> bias) const;
  void lean_velocity(const Pull& pull, std::span<const std::int32_t> values, std::span<float> bias) const;

  // Whether the counts are possible in music that has reached `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(now_ms_, began_ms_, heard_ms_, notes_, pitches_, velocities_, squares_);
    for (auto& bin : classes_) archive(bin);
  }

 private:
  static constexpr std::int64_t kBinMs = 30'000;
  static constexpr std::size_t kBins = 10;
  using Bins = std::array<std::int64_t, kBins>;

  Sums sums(std::size_t bins) const;  // over the last `bins` half minutes, from the first note on
  // A pitch sounded in the last five minutes if its heard_ms_ is above this.
  std::int64_t recent_above() const {
    const std::int64_t then = now_ms_ - kBinMs * static_cast<std::int64_t>(kBins);
    return then > 0 ? then : 0;
  }

  std::int64_t now_ms_ = -1;                             // onset of the last note
  std::int64_t began_ms_ = -1;                           // onset of the first note
  std::array<std::int64_t, 128> heard_ms_{};             // by pitch: 1 + its last onset
  Bins notes_{}, pitches_{}, velocities_{}, squares_{};  // by half minute: count and sums
  std::array<std::array<std::int64_t, 12>, kBins> classes_{};
};

}  // namespace longplay
