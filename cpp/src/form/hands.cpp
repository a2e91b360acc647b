#include "form/hands.hpp"

#include <algorithm>
#include <cstdlib>

#include "events/sampling.hpp"

namespace longplay {
namespace {

constexpr std::uint32_t kInMemory = 1'000;  // intervals after which old ones count half

bool is_semitone(int interval) {
  const int steps = std::abs(interval) % 12;
  return steps == 1 || steps == 11;
}

bool leaves_some(std::span<const float> bias) {
  return std::ranges::any_of(bias, [](float each) { return each != kForbidden; });
}

}  // namespace

// The left hand takes as many of the lowest notes as it can, which leaves the fewest to the right hand.
bool Hands::Struck::admits(int added) const {
  if (size == kMost) return false;
  std::array<int, kMost> all = pitch;
  std::size_t at = size;
  while (at > 0 && all[at - 1] > added) {
    all[at] = all[at - 1];
    --at;
  }
  if (at > 0 && all[at - 1] == added) return false;
  all[at] = added;
  const std::size_t notes = size + 1;
  std::size_t left = 0;
  while (left < notes && left < FormRules::kFingers && all[left] - all[0] <= FormRules::kReach) ++left;
  return left == notes ||
         (notes - left <= FormRules::kFingers && all[notes - 1] - all[left] <= FormRules::kReach);
}

bool Hands::Struck::makes_semitone(int added) const {
  return std::any_of(pitch.begin(), pitch.begin() + static_cast<std::ptrdiff_t>(size),
                     [added](int each) { return is_semitone(added - each); });
}

Hands::Struck Hands::struck_at(std::int64_t onset_ms) const {
  Struck struck;
  for (std::size_t i = 0; i < count_; ++i) {
    if (onset_ms_[i] + FormRules::kTogetherMs >= onset_ms) struck.pitch[struck.size++] = pitch_[i];
  }
  std::sort(struck.pitch.begin(), struck.pitch.begin() + static_cast<std::ptrdiff_t>(struck.size));
  return struck;
}

void Hands::push(std::uint8_t pitch, std::int64_t onset_ms) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = count_ == kMost ? 1 : 0; i < count_; ++i) {
    if (onset_ms_[i] + FormRules::kTogetherMs < onset_ms) continue;
    pitch_[kept] = pitch_[i];
    onset_ms_[kept++] = onset_ms_[i];
    ++intervals_;
    if (is_semitone(pitch - pitch_[i])) ++semitones_;
  }
  pitch_[kept] = pitch;
  onset_ms_[kept] = onset_ms;
  count_ = kept + 1;
  if (intervals_ < kInMemory) return;
  intervals_ /= 2;
  semitones_ /= 2;
}

bool Hands::reaches_any(std::span<const std::int32_t> pitches, std::int64_t onset_ms) const {
  const Struck struck = struck_at(onset_ms);
  return std::ranges::any_of(pitches, [&](std::int32_t pitch) { return struck.admits(pitch); });
}

void Hands::forbid_onsets(const Tokenizer& tokenizer, std::span<const std::int32_t> pitches,
                          std::int64_t last_ms, std::span<float> bias) const {
  const auto shifts = static_cast<std::size_t>(tokenizer.end_id());
  std::size_t id = 0;
  while (id < shifts &&
         !reaches_any(pitches, last_ms + tokenizer.time_shift_ms(static_cast<std::int32_t>(id))))
    ++id;
  if (id == 0 || !leaves_some(bias.subspan(id))) return;
  std::fill_n(bias.begin(), id, kForbidden);
}

void Hands::forbid_pitches(std::span<const std::int32_t> pitches, std::int64_t onset_ms,
                           std::span<float> bias) const {
  const Struck struck = struck_at(onset_ms);
  if (struck.size == 0) return;
  const bool rare = semitones_ * 1'000 >
                    FormRules::kSemitonesPerMille * (intervals_ + 1'000 / FormRules::kSemitonesPerMille);
  forbid_where([&](std::size_t id) { return !struck.admits(pitches[id]); }, bias);
  if (rare) forbid_where([&](std::size_t id) { return struck.makes_semitone(pitches[id]); }, bias);
}

bool Hands::is_valid(std::int64_t onset_ms) const {
  if (count_ > kMost || intervals_ > kInMemory || semitones_ > intervals_) return false;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::int64_t earliest = i == 0 ? 0 : onset_ms_[i - 1];
    if (pitch_[i] > 127 || onset_ms_[i] < earliest || onset_ms_[i] > onset_ms) return false;
  }
  return true;
}

}  // namespace longplay
