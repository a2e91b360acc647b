#include "form/note_timeline.hpp"

#include <algorithm>

#include "events/sampling.hpp"

namespace longplay {

void NoteTimeline::constrain(std::span<float> bias) const {
  const auto end = static_cast<std::size_t>(tokenizer_->end_id());
  const bool ending = may_end();
  if (!ending) bias[end] = kForbidden;
  if (state().at_once) return;  // every shift is allowed, since it has no effect
  const std::int64_t room = last_onset_ms() - onset_ms();
  if (room < FormRules::kMinRemainingMs) {
    std::fill_n(bias.begin(), end, kForbidden);
    return;
  }
  if (is_full()) bias[0] = kForbidden;
  std::int64_t longest = std::min(latest_ms() - onset_ms(), room);
  // Once the piece may end on a final close, only notes of the same chord are allowed.
  if (ending && is_closing() && is_closed()) longest = 0;
  for (std::size_t id = end - 1; id > 0; --id) {
    if (tokenizer_->time_shift_ms(static_cast<std::int32_t>(id)) <= longest) break;
    // If the chord is full, the shortest shift stays allowed.
    if (id > 1 || !is_full()) bias[id] = kForbidden;
  }
}

bool NoteTimeline::moves_on(std::int32_t time_shift) const {
  return state().at_once || tokenizer_->time_shift_ms(time_shift) > 0;
}

Advance NoteTimeline::advance(const NoteEvent& event) {
  if (event[kTimeShift] == tokenizer_->end_id()) return end();
  take(tokenizer_->note(event, onset_after(event[kTimeShift])));
  return Advance::note;
}

}  // namespace longplay
