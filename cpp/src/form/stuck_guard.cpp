#include "form/stuck_guard.hpp"

#include <algorithm>

#include "events/sampling.hpp"

namespace longplay {

void StuckGuard::push(std::uint8_t pitch, std::int64_t onset_ms) {
  if (notes_ == 0) first_ms_ = onset_ms + 1;
  onset_ms_[notes_ % kNotes] = onset_ms + 1;
  ++notes_;
  last_ms_[pitch] = onset_ms + 1;
}

void StuckGuard::forbid(std::span<const std::int32_t> pitches, std::int64_t onset_ms,
                        std::span<float> bias) const {
  const std::int64_t begin = std::max<std::int64_t>(onset_ms - FormRules::kStuckMs, 0);
  const bool is_dense = onset_ms_[notes_ % kNotes] > begin;
  if (!is_dense && (notes_ == 0 || first_ms_ > begin)) return;  // too few notes, and too early
  const auto is_recent = [&](std::int64_t last_ms) { return last_ms > begin; };
  const auto most = is_dense ? FormRules::kStuckPitches : FormRules::kSlowlyStuckPitches;
  if (std::ranges::count_if(last_ms_, is_recent) > most) return;
  forbid_where([&](std::size_t id) { return is_recent(last_ms_[static_cast<std::size_t>(pitches[id])]); },
               bias);
}

bool StuckGuard::is_valid(std::int64_t onset_ms) const {
  const auto in_range = [&](std::int64_t each) { return each >= 0 && each <= onset_ms + 1; };
  return in_range(first_ms_) && std::ranges::all_of(onset_ms_, in_range) &&
         std::ranges::all_of(last_ms_, in_range);
}

}  // namespace longplay
