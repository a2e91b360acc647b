// The rules for pitches, the same for fields of notes and for tokens.
#pragma once

#include <cstdint>
#include <span>

#include "form/past.hpp"
#include "form/timeline.hpp"

namespace longplay {

// Adds the biases of the pitches of a note at an onset, later than the last one or not. `pitches` are the
// values of the biases. If a rule would leave no pitch, it is ignored. So earlier rules have priority.
inline void constrain_pitches(Past& past, const Form& form, std::span<const std::int32_t> pitches,
                              std::int64_t onset_ms, bool is_later, std::span<float> bias) {
  if (form.playable) past.pianist.forbid_pitches(pitches, onset_ms, bias);
  if (form.two_hands) past.hands.forbid_pitches(pitches, onset_ms, bias);
  if (is_later) past.loop_guard.next_onset();
  past.loop_guard.forbid(bias);
  if (form.steady) past.stuck_guard.forbid(pitches, onset_ms, bias);
  past.key_pull.lean(pitches, bias);
}

}  // namespace longplay
