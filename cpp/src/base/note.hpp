// A note.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longplay {

// A note as it sounds: times in ms from the start, the pedal included in the duration.
struct Note {
  static constexpr std::uint8_t kDrums = 128;  // the program of drums
  static constexpr std::size_t kPrograms = 129;

  std::int64_t onset_ms = 0;
  std::int64_t duration_ms = 0;
  std::uint8_t pitch = 0;
  std::uint8_t velocity = 0;
  std::uint8_t program = 0;  // of General MIDI, counted from 0, or kDrums; 0 is a piano
  bool operator==(const Note&) const = default;
};

}  // namespace longplay
