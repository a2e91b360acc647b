// Holds the density of the music and of its sound near the seed's, and keeps it from silence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "events/tokenizer.hpp"

namespace longplay {

// Counts the notes of the last FormRules::kSteeringMs, how long they are, and how much of the time is silent.
// If one of them leaves its range, a bias makes the times that lead back more likely. The bias is small: what
// is nearly certain, such as the next note of a copy, stays nearly certain. Within the ranges there is no
// bias. Takes constant time and memory, and stores only integers.
class Steering {
 public:
  // How many nats likelier to make the longest time of a field, compared with the shortest.
  struct Pull {
    double time_shift = 0;
    double duration = 0;
  };

  Steering() = default;
  // Begins after the seed, whose density and sound become the aim.
  explicit Steering(std::span<const Note> seed);

  // A new piece begins: again only the seed counts.
  void begin_piece();
  // Takes a note, which must not start earlier than the note before it.
  void push(const Note& note);

  // Without a seed, the density has the range of the model's band; without both, it is free.
  Pull pull(const Band* notes_per_second) const;

  // Returns the rank of a time between short (-0.5) and long (0.5) ones.
  static float rank(std::int64_t ms);
  // Returns the rank of each time of a table.
  static std::vector<float> ranks(std::span<const std::int32_t> table_ms);
  // Adds a pull to the biases of a field. `ranks` are those of its table.
  static void lean(double pull, std::span<const float> ranks, std::span<float> bias);

  // Whether the counts are possible in music that has reached `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  bool operator==(const Steering&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(now_ms_, sounding_until_ms_, time_ms_, notes_, silence_, held_, seed_time_ms_, seed_notes_,
            seed_held_);
  }

 private:
  double density_pull(const Band* notes_per_second) const;
  double sound_pull() const;

  std::int64_t now_ms_ = -1;             // onset of the last note
  std::int64_t sounding_until_ms_ = -1;  // end of the notes so far
  // The time of the last count, and the counts, as multiples of 1 / kUnit: notes, ms of silence, and ms that
  // notes are held. What was counted earlier decays.
  std::int64_t time_ms_ = 0;
  std::int64_t notes_ = 0;
  std::int64_t silence_ = 0;
  std::int64_t held_ = 0;
  std::int64_t seed_time_ms_ = 0;
  std::int64_t seed_notes_ = 0;
  std::int64_t seed_held_ = 0;
};

}  // namespace longplay
