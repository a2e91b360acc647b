// Floor 5: any five minutes of the music are like five minutes of the training music, in five figures.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "events/tokenizer.hpp"

namespace longplay {

// Counts the notes of the last five minutes. Where one of their figures comes near the edge of its band, the
// next events lean the other way: the bias of an id grows with how far the figure is out and with what the id
// would do to it. Within the bands nothing is changed. Constant time and memory, and whole numbers alone are
// kept.
class Steering {
 public:
  // Of the notes of some time.
  struct Sums {
    double ms = 0;     // of music
    double trust = 0;  // 1 once there is enough of it
    double notes = 0, pitches = 0, velocities = 0, squares = 0;
    std::array<double, 12> classes{};

    double variance() const {
      const double mean = velocities / notes;
      return squares / notes - mean * mean < 0 ? 0 : squares / notes - mean * mean;
    }
  };

  // By figure of `Bands`, how far it should move down (> 0) or up (< 0): 0 within the band, 1 at its edge, 3
  // at most.
  struct Pull {
    double notes_per_second = 0;
    double mean_pitch = 0;
    double distinct_pitches = 0;
    double velocity_spread = 0;
    double pitch_class_entropy = 0;
    Sums heard{};  // in five minutes
  };

  // Takes a note that starts no earlier than the one before it.
  void push(const Note& note);

  Pull pull(const Bands& bands) const;

  // How many octaves of time each of a model's time shifts is from one that is neither long nor short.
  static std::vector<float> octaves(std::span<const std::int32_t> time_shifts);

  // Adds to the biases of a field; of pitch and velocity, whose ids mean `values`.
  void lean_time_shift(const Pull& pull, std::span<const float> octaves, std::span<float> bias) const;
  void lean_pitch(const Pull& pull, std::span<const std::int32_t> values, std::span<float> bias) const;
  void lean_velocity(const Pull& pull, std::span<const std::int32_t> values, std::span<float> bias) const;

  // Whether the counts can be those of music that has come to `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  // Hands every member to `archive`, to be written or to be read.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(now_ms_, began_ms_, heard_ms_, notes_, pitches_, velocities_, squares_);
    for (auto& bin : classes_) archive(bin);
  }

 private:
  static constexpr std::int64_t kBinMs = 30'000;
  static constexpr std::size_t kBins = 10;
  using Bins = std::array<std::int64_t, kBins>;

  Sums sums(std::size_t bins) const;  // of the last half minutes, after the first note
  // A pitch has been heard in five minutes if its heard_ms_ is above this.
  std::int64_t recent_above() const {
    const std::int64_t then = now_ms_ - kBinMs * static_cast<std::int64_t>(kBins);
    return then > 0 ? then : 0;
  }

  std::int64_t now_ms_ = -1;                             // onset of the last note
  std::int64_t began_ms_ = -1;                           // of the first
  std::array<std::int64_t, 128> heard_ms_{};             // by pitch, 1 + when it was struck last
  Bins notes_{}, pitches_{}, velocities_{}, squares_{};  // by half minute: how many, and sums of
  std::array<std::array<std::int64_t, 12>, kBins> classes_{};
};

}  // namespace longplay
