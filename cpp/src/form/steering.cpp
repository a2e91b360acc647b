#include "form/steering.hpp"

#include <algorithm>

#include "events/logarithm.hpp"
#include "form/form_rules.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kUnit = 1 << 16;
constexpr std::int64_t kWindowMs = FormRules::kSteeringMs;
constexpr std::int64_t kMostNotes = 128 * (kWindowMs + 1) * kUnit;  // each key in each millisecond
constexpr std::int64_t kMostHeld = kMostNotes * kWindowMs;
constexpr double kDenserOctaves = 0.2;  // real music becomes 0.17 octaves denser after its first 20 s
constexpr double kNatsPerOctave = 2.5;  // of density out of its range
constexpr double kMostSilence = 0.05;   // share of the time, as in real music
constexpr double kNatsOfSound = 4;      // for each octave less than in the seed
constexpr double kNatsOfSilence = 10;   // for a share of 1

// Times from one to the other become steadily likelier; they are two octaves around 200 ms.
constexpr double kMediumMs = 200;
constexpr double kChordMs = 50;  // keeps the logarithm of 0 ms near that of a short time
constexpr double kOctaves = 2;

double octaves(std::int64_t notes, std::int64_t time_ms) {
  return binary_logarithm(1000.0 * static_cast<double>(notes) / static_cast<double>(time_ms * kUnit));
}

}  // namespace

Steering::Steering(std::span<const Note> seed) {
  for (const Note& note : seed) push(note);
  seed_time_ms_ = time_ms_;
  seed_notes_ = notes_;
  seed_held_ = held_;
  begin_piece();
}

void Steering::begin_piece() {
  now_ms_ = sounding_until_ms_ = -1;
  time_ms_ = seed_time_ms_;
  notes_ = seed_notes_;
  held_ = seed_held_;
  silence_ = 0;
}

void Steering::push(const Note& note) {
  if (now_ms_ >= 0) {
    const auto passed = [&](std::int64_t since) {
      return std::clamp<std::int64_t>(note.onset_ms - since, 0, kWindowMs);
    };
    time_ms_ += passed(now_ms_);
    notes_ += kUnit;
    held_ += std::min(note.duration_ms, kWindowMs) * kUnit;
    silence_ += passed(sounding_until_ms_) * kUnit;
    if (const std::int64_t beyond = time_ms_ - kWindowMs; beyond > 0) {
      notes_ -= notes_ / time_ms_ * beyond;
      silence_ -= silence_ / time_ms_ * beyond;
      held_ -= held_ / time_ms_ * beyond;
      time_ms_ = kWindowMs;
    }
  }
  now_ms_ = note.onset_ms;
  sounding_until_ms_ = std::max(sounding_until_ms_, note.onset_ms + note.duration_ms);
}

Steering::Pull Steering::pull(const Band* notes_per_second) const {
  if (time_ms_ == 0) return {};
  const double trust = static_cast<double>(time_ms_) / kWindowMs;
  return {.time_shift = trust * density_pull(notes_per_second), .duration = trust * sound_pull()};
}

double Steering::sound_pull() const {
  const double silence = static_cast<double>(silence_) / static_cast<double>(time_ms_ * kUnit);
  double nats = kNatsOfSilence * (silence - kMostSilence);
  if (seed_held_ > 0 && held_ > 0)
    nats = std::max(nats, kNatsOfSound * (octaves(seed_held_, seed_time_ms_) - octaves(held_, time_ms_)));
  return std::clamp(nats, 0.0, FormRules::kMostLengthening);
}

double Steering::density_pull(const Band* notes_per_second) const {
  double low = 0, high = 0;
  if (seed_time_ms_ > 0) {
    low = octaves(seed_notes_, seed_time_ms_);
    high = low + kDenserOctaves;
  } else if (notes_per_second != nullptr) {
    low = binary_logarithm(notes_per_second->low);
    high = binary_logarithm(notes_per_second->high);
  } else {
    return 0;
  }
  const double density = octaves(notes_, time_ms_);
  const double beyond = density - std::clamp(density, low, high);
  return std::clamp(kNatsPerOctave * beyond, -FormRules::kMostSteering, FormRules::kMostSteering);
}

void Steering::lean(double pull, std::span<const float> ranks, std::span<float> bias) {
  if (pull == 0) return;
  for (std::size_t id = 0; id < ranks.size(); ++id) bias[id] += static_cast<float>(pull) * ranks[id];
}

std::vector<float> Steering::ranks(std::span<const std::int32_t> table_ms) {
  std::vector<float> ranks;
  for (const std::int32_t ms : table_ms) ranks.push_back(rank(ms));
  return ranks;
}

float Steering::rank(std::int64_t ms) {
  const double from_medium = binary_logarithm((static_cast<double>(ms) + kChordMs) / kMediumMs) / kOctaves;
  return static_cast<float>(std::clamp(from_medium, -0.5, 0.5));
}

bool Steering::is_valid(std::int64_t onset_ms) const {
  const auto within = [](std::int64_t value, std::int64_t high) { return value >= 0 && value <= high; };
  return now_ms_ >= -1 && now_ms_ <= onset_ms && sounding_until_ms_ >= -1 &&
         sounding_until_ms_ <= onset_ms + ScoreLimits::kMaxMilliseconds && within(time_ms_, kWindowMs) &&
         within(notes_, kMostNotes) && within(silence_, kWindowMs * kUnit) && within(held_, kMostHeld) &&
         within(seed_time_ms_, kWindowMs) && within(seed_notes_, kMostNotes) &&
         within(seed_held_, kMostHeld) && (notes_ > 0 || time_ms_ == 0) &&
         (seed_notes_ > 0 || seed_time_ms_ == 0);
}

}  // namespace longplay
