#include "form/stuck_guard.hpp"

#include <algorithm>

#include "events/sampling.hpp"

namespace longplay {

void StuckGuard::push(std::uint8_t pitch, std::int64_t onset_ms) {
  onset_ms_[notes_ % kNotes] = onset_ms + 1;
  ++notes_;
  last_ms_[pitch] = onset_ms + 1;
}

void StuckGuard::forbid(std::span<const std::int32_t> pitches, std::int64_t onset_ms,
                        std::span<float> bias) const {
  const std::int64_t begin = std::max<std::int64_t>(onset_ms - FormRules::kStuckMs, 0);
  if (onset_ms_[notes_ % kNotes] <= begin) return;  // too few notes since then
  const auto is_recent = [&](std::int64_t last_ms) { return last_ms > begin; };
  if (std::ranges::count_if(last_ms_, is_recent) > FormRules::kStuckPitches) return;
  forbid_where([&](std::size_t id) { return is_recent(last_ms_[static_cast<std::size_t>(pitches[id])]); },
               bias);
}

bool StuckGuard::is_valid(std::int64_t onset_ms) const {
  const auto in_range = [&](std::int64_t each) { return each >= 0 && each <= onset_ms + 1; };
  return std::ranges::all_of(onset_ms_, in_range) && std::ranges::all_of(last_ms_, in_range);
}

}  // namespace longplay
