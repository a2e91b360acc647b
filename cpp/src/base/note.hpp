// A note.
#pragma once

#include <cstdint>

namespace longplay {

// A note as it sounds on a piano: times in ms from the start, the pedal included in the duration.
struct Note {
  std::int64_t onset_ms = 0;
  std::int64_t duration_ms = 0;
  std::uint8_t pitch = 0;
  std::uint8_t velocity = 0;
  bool operator==(const Note&) const = default;
};

}  // namespace longplay
