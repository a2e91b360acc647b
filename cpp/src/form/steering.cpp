#include "form/steering.hpp"

#include <algorithm>
#include <cmath>

namespace longplay {
namespace {

constexpr double kMargin = 0.2;  // steering begins this share of a band's width inside its edges
// Half minutes that each statistic covers. Density and register use a shorter span: to correct their
// five-minute averages, the music would have to deviate to the other side for minutes.
constexpr std::size_t kForRate = 2;
constexpr std::size_t kForPitch = 4;
constexpr double kMostPull = 3;
constexpr double kMiddlePitch = 60;

// Nats for a pull of 1.
constexpr double kByShift = 1.0;     // an octave of time
constexpr double kByPitch = 1.6;     // an octave
constexpr double kByNewPitch = 8.0;  // a pitch that did not sound
constexpr double kByClass = 1.5;     // a pitch class e times as frequent
constexpr double kByVelocity = 1.0;  // a standard deviation, squared

double beyond(double value, const Band& band) {
  const double margin = kMargin * (band.high - band.low);
  if (margin <= 0) return 0;
  const double above = std::clamp((value - (band.high - margin)) / margin, 0.0, kMostPull);
  if (band.low <= 0) return above;  // a band from 0 has no lower edge
  return above - std::clamp((band.low + margin - value) / margin, 0.0, kMostPull);
}

double entropy(const std::array<double, 12>& counts, double sum) {
  double bits = 0;
  for (const double count : counts) {
    if (count > 0) bits -= count / sum * std::log2(count / sum);
  }
  return bits;
}

}  // namespace

void Steering::push(const Note& note) {
  if (began_ms_ < 0) began_ms_ = note.onset_ms;
  // Clear the bins that the music has entered since the last note.
  const std::int64_t last = std::max(now_ms_, began_ms_) / kBinMs;
  const std::int64_t steps = std::min<std::int64_t>(note.onset_ms / kBinMs - last, kBins);
  for (std::int64_t step = 1; step <= steps; ++step) {
    const auto bin = static_cast<std::size_t>(last + step) % kBins;
    notes_[bin] = pitches_[bin] = velocities_[bin] = squares_[bin] = 0;
    classes_[bin].fill(0);
  }
  now_ms_ = note.onset_ms;
  const auto bin = static_cast<std::size_t>(now_ms_ / kBinMs) % kBins;
  ++notes_[bin];
  pitches_[bin] += note.pitch;
  velocities_[bin] += note.velocity;
  squares_[bin] += std::int64_t{note.velocity} * note.velocity;
  ++classes_[bin][note.pitch % 12U];
  heard_ms_[note.pitch] = now_ms_ + 1;
}

bool Steering::is_valid(std::int64_t onset_ms) const {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;  // so that no sum overflows
  const auto in = [](std::int64_t low, std::int64_t high) {
    return [=](std::int64_t value) { return value >= low && value <= high; };
  };
  const auto are_counts = [&](const auto& bins) { return std::ranges::all_of(bins, in(0, kMost)); };
  return in(-1, onset_ms)(now_ms_) && in(-1, now_ms_)(began_ms_) &&
         std::ranges::all_of(heard_ms_, in(0, onset_ms + 1)) && are_counts(notes_) && are_counts(pitches_) &&
         are_counts(velocities_) && are_counts(squares_) && std::ranges::all_of(classes_, are_counts);
}

Steering::Sums Steering::sums(std::size_t bins) const {
  const auto newest = now_ms_ / kBinMs;
  const auto oldest = std::max<std::int64_t>(newest - static_cast<std::int64_t>(bins) + 1, 0);
  // Integer sums let the compiler vectorise the loop.
  std::int64_t notes = 0, pitches = 0, velocities = 0, squares = 0;
  std::array<std::int64_t, 12> classes{};
  for (std::int64_t i = oldest; i <= newest; ++i) {
    const auto bin = static_cast<std::size_t>(i) % kBins;
    notes += notes_[bin];
    pitches += pitches_[bin];
    velocities += velocities_[bin];
    squares += squares_[bin];
    for (std::size_t c = 0; c < 12; ++c) classes[c] += classes_[bin][c];
  }
  Sums sums;
  sums.ms = static_cast<double>(now_ms_ - std::max(began_ms_, oldest * kBinMs)) + 1;
  sums.trust = std::min(1.0, 3 * sums.ms / static_cast<double>(kBinMs * static_cast<std::int64_t>(bins)));
  sums.notes = static_cast<double>(notes);
  sums.pitches = static_cast<double>(pitches);
  sums.velocities = static_cast<double>(velocities);
  sums.squares = static_cast<double>(squares);
  for (std::size_t c = 0; c < 12; ++c) sums.classes[c] = static_cast<double>(classes[c]);
  return sums;
}

Steering::Pull Steering::pull(const Bands& bands) const {
  if (now_ms_ < 0) return {};
  const Sums now = sums(kForRate);
  const Sums lately = sums(kForPitch);
  const Sums all = sums(kBins);
  std::uint64_t distinct = 0;  // sum of the sign bits: SSE2 cannot compare 64-bit integers
  for (const std::int64_t heard : heard_ms_)
    distinct += static_cast<std::uint64_t>(recent_above() - heard) >> 63;
  const Band rate{std::log2(bands.notes_per_second.low), std::log2(bands.notes_per_second.high)};
  return {
      .notes_per_second = now.trust * beyond(std::log2(1000 * now.notes / now.ms), rate),
      .mean_pitch = lately.trust * beyond(lately.pitches / lately.notes, bands.mean_pitch),
      .distinct_pitches = all.trust * beyond(static_cast<double>(distinct), bands.distinct_pitches),
      .velocity_spread = all.trust * beyond(std::sqrt(all.variance()), bands.velocity_spread),
      .pitch_class_entropy = all.trust * beyond(entropy(all.classes, all.notes), bands.pitch_class_entropy),
      .heard = all};
}

std::vector<float> Steering::octaves(std::span<const std::int32_t> time_shifts) {
  std::vector<float> octaves;
  for (const std::int32_t ms : time_shifts)
    octaves.push_back(static_cast<float>(std::log2((ms + 50) / 200.0)));
  return octaves;
}

void Steering::lean_time_shift(const Pull& pull, std::span<const float> octaves,
                               std::span<float> bias) const {
  if (pull.notes_per_second == 0) return;
  const auto lean = static_cast<float>(pull.notes_per_second * kByShift);
  for (std::size_t id = 0; id < octaves.size(); ++id) bias[id] += lean * octaves[id];
}

void Steering::lean_pitch(const Pull& pull, std::span<const std::int32_t> values,
                          std::span<float> bias) const {
  if (pull.mean_pitch == 0 && pull.distinct_pitches == 0 && pull.pitch_class_entropy == 0) return;
  const Sums& heard = pull.heard;
  std::array<double, 12> by_class{};
  for (std::size_t c = 0; c < 12; ++c) {
    const double part = std::max(heard.classes[c] / heard.notes, 0.005);
    by_class[c] = pull.pitch_class_entropy * kByClass * std::log(12 * part);
  }
  for (std::size_t id = 0; id < values.size(); ++id) {
    const auto pitch = static_cast<std::size_t>(values[id]);
    double lean = by_class[pitch % 12];
    if (pull.mean_pitch != 0) lean -= pull.mean_pitch * kByPitch * (values[id] - kMiddlePitch) / 12;
    if (heard_ms_[pitch] <= recent_above()) lean -= pull.distinct_pitches * kByNewPitch;
    bias[id] += static_cast<float>(lean);
  }
}

void Steering::lean_velocity(const Pull& pull, std::span<const std::int32_t> values,
                             std::span<float> bias) const {
  if (pull.velocity_spread == 0) return;
  const Sums& heard = pull.heard;
  const double mean = heard.velocities / heard.notes;
  const double variance = std::max(1.0, heard.variance());
  for (std::size_t id = 0; id < values.size(); ++id) {
    const double away = std::min((values[id] - mean) * (values[id] - mean) / variance, 4.0);
    bias[id] -= static_cast<float>(pull.velocity_spread * kByVelocity * away);
  }
}

}  // namespace longplay
