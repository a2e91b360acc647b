#include "form/key_pull.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "events/logarithm.hpp"
#include "form/form_rules.hpp"
#include "form/key_profiles.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kWhole = std::int64_t{1} << 24;
constexpr double kMean = static_cast<double>(kWhole) / 12;
constexpr std::int64_t kFloor = kWhole / 100;  // added to each class, so that a rare one is not forbidden

}  // namespace

KeyPull::KeyPull(const Profile& profile, std::int64_t aim) : aim_(aim) {
  const std::int64_t sum = std::accumulate(profile.begin(), profile.end(), std::int64_t{0});
  if (sum == 0) return;
  for (std::size_t c = 0; c < wanted_.size(); ++c) wanted_[c] = profile[c] * kWhole / sum;
  recent_ = wanted_;
}

KeyPull::Profile KeyPull::of_key(int tonic, bool minor) {
  const KeyProfile& weights = minor ? kMinorProfile : kMajorProfile;
  Profile profile{};
  for (std::size_t c = 0; c < weights.size(); ++c)
    profile[(static_cast<std::size_t>(tonic) + c) % weights.size()] = std::llround(1'000 * weights[c]);
  return profile;
}

KeyPull::Profile KeyPull::of_notes(std::span<const Note> notes) {
  Profile profile{};
  for (const Note& note : notes) ++profile[note.pitch % 12U];
  return profile;
}

void KeyPull::push(std::uint8_t pitch) {
  for (std::int64_t& weight : recent_) weight -= weight / FormRules::kKeyNotes;
  recent_[pitch % 12U] += kWhole / FormRules::kKeyNotes;
}

double KeyPull::fit() const {
  double product = 0, wanted = 0, recent = 0;
  for (std::size_t c = 0; c < wanted_.size(); ++c) {
    const double from_mean[] = {static_cast<double>(wanted_[c]) - kMean,
                                static_cast<double>(recent_[c]) - kMean};
    product += from_mean[0] * from_mean[1];
    wanted += from_mean[0] * from_mean[0];
    recent += from_mean[1] * from_mean[1];
  }
  return wanted > 0 && recent > 0 ? product / std::sqrt(wanted * recent) : 1;
}

void KeyPull::lean(std::span<const std::int32_t> pitches, std::span<float> bias) const {
  if (std::ranges::all_of(wanted_, [](std::int64_t weight) { return weight == 0; })) return;
  const double need = std::clamp(1 - 100 * fit() / static_cast<double>(aim_), 0.0, 1.0);
  if (need == 0) return;
  std::array<float, 12> by_class{};
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    const double ratio = static_cast<double>(wanted_[c] + kFloor) / static_cast<double>(recent_[c] + kFloor);
    const double nats = need * FormRules::kKeyStrength * natural_logarithm(ratio);
    by_class[c] = static_cast<float>(std::clamp(nats, -FormRules::kMostKeyNats, FormRules::kMostKeyNats));
  }
  for (std::size_t id = 0; id < pitches.size(); ++id)
    bias[id] += by_class[static_cast<std::size_t>(pitches[id]) % 12];
}

bool KeyPull::is_valid() const {
  const auto in_range = [](std::int64_t weight) { return weight >= 0 && weight <= 2 * kWhole; };
  return std::ranges::all_of(wanted_, in_range) && std::ranges::all_of(recent_, in_range) && aim_ > 0 &&
         aim_ <= 100;
}

}  // namespace longplay
