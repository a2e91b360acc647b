// MIDI files for tests: one track around the bytes of its messages.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace longplay {

using Bytes = std::vector<std::uint8_t>;

// With the default division a tick is a millisecond as long as there is no tempo event.
inline Bytes midi_file(std::initializer_list<Bytes> tracks, std::uint8_t type = 1, int division = 500) {
  Bytes file{'M', 'T', 'h', 'd', 0, 0, 0, 6, 0, type, 0, static_cast<std::uint8_t>(tracks.size())};
  file.push_back(static_cast<std::uint8_t>(division >> 8));
  file.push_back(static_cast<std::uint8_t>(division));
  for (const Bytes& track : tracks) {
    file.insert(file.end(), {'M', 'T', 'r', 'k', 0, 0});
    file.push_back(static_cast<std::uint8_t>(track.size() >> 8));
    file.push_back(static_cast<std::uint8_t>(track.size()));
    file.insert(file.end(), track.begin(), track.end());
  }
  return file;
}

}  // namespace longplay
