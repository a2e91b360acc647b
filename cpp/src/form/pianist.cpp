#include "form/pianist.hpp"

#include <algorithm>
#include <cstdlib>

#include "events/sampling.hpp"

namespace longplay {
namespace {

// How far a hand is from a key that it struck so long ago.
int reach(std::int64_t ms) {
  const std::int64_t moving = std::max<std::int64_t>(ms - FormRules::kTogetherMs, 0);
  return FormRules::kReach +
         static_cast<int>(std::min<std::int64_t>(moving / FormRules::kMsPerSemitone, 127));
}

}  // namespace

std::array<Pianist::Range, 2> Pianist::ranges_at(std::int64_t onset_ms) const {
  std::array<Range, 2> ranges{{{0, kKeys - 1}, {0, kKeys - 1}}};
  std::array<std::size_t, 2> fingers{};
  for (std::size_t hand = 0; hand < 2; ++hand) {
    Range& own = ranges[hand];
    for (int key = 0; key < static_cast<int>(kKeys); ++key) {
      const std::int64_t struck = struck_ms_[hand][static_cast<std::size_t>(key)];
      if (struck == 0) continue;
      const std::int64_t ago = onset_ms + 1 - struck;
      own = {std::max(own.low, key - reach(ago)), std::min(own.high, key + reach(ago))};
      if (ago <= FormRules::kTogetherMs) ++fingers[hand];
      if (ago > FormRules::kCrossingMs) continue;
      if (hand == 0) ranges[1].low = std::max(ranges[1].low, key + 1);
      if (hand == 1) ranges[0].high = std::min(ranges[0].high, key - 1);
    }
  }
  for (std::size_t hand = 0; hand < 2; ++hand)
    if (fingers[hand] >= FormRules::kFingers) ranges[hand] = {1, 0};
  return ranges;
}

bool Pianist::can_strike(std::int32_t key, std::int64_t onset_ms, const std::array<Range, 2>& ranges) const {
  const auto at = static_cast<std::size_t>(key);
  const std::int64_t struck = std::max(struck_ms_[0][at], struck_ms_[1][at]);
  if (struck > 0 && onset_ms + 1 - struck < FormRules::kRepeatMs) return false;
  return ranges[0].has(key) || ranges[1].has(key);
}

void Pianist::push(std::uint8_t pitch, std::int64_t onset_ms) {
  const std::array<Range, 2> ranges = ranges_at(onset_ms);
  const bool right_is_nearer = std::abs(pitch - near_[1]) < std::abs(pitch - near_[0]);
  const bool is_right = ranges[1].has(pitch) && (right_is_nearer || !ranges[0].has(pitch));
  const bool is_free = !ranges[0].has(pitch) && !ranges[1].has(pitch);  // of a seed that no pianist plays
  const std::size_t hand = is_right || (is_free && right_is_nearer) ? 1 : 0;
  struck_ms_[hand][pitch] = onset_ms + 1;
  near_[hand] = pitch;
}

bool Pianist::reaches_any(std::span<const std::int32_t> pitches, std::int64_t onset_ms) const {
  const std::array<Range, 2> ranges = ranges_at(onset_ms);
  return std::ranges::any_of(pitches, [&](std::int32_t key) { return can_strike(key, onset_ms, ranges); });
}

void Pianist::forbid_onsets(const Tokenizer& tokenizer, std::span<const std::int32_t> pitches,
                            std::int64_t last_ms, std::span<float> bias) const {
  const auto shifts = static_cast<std::size_t>(tokenizer.end_id());
  std::size_t id = 0;
  while (id < shifts &&
         !reaches_any(pitches, last_ms + tokenizer.time_shift_ms(static_cast<std::int32_t>(id))))
    ++id;
  const auto is_open = [](float each) { return each != kForbidden; };
  if (std::ranges::any_of(bias.subspan(id), is_open)) std::fill_n(bias.begin(), id, kForbidden);
}

void Pianist::forbid_pitches(std::span<const std::int32_t> pitches, std::int64_t onset_ms,
                             std::span<float> bias) const {
  const std::array<Range, 2> ranges = ranges_at(onset_ms);
  forbid_where([&](std::size_t id) { return !can_strike(pitches[id], onset_ms, ranges); }, bias);
}

bool Pianist::is_valid(std::int64_t onset_ms) const {
  const auto in_range = [&](std::int64_t each) { return each >= 0 && each <= onset_ms + 1; };
  const auto is_key = [](std::uint8_t key) { return key < kKeys; };
  return std::ranges::all_of(struck_ms_[0], in_range) && std::ranges::all_of(struck_ms_[1], in_range) &&
         std::ranges::all_of(near_, is_key);
}

}  // namespace longplay
