// The MIDI channels of instruments.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/note.hpp"
#include "midi/midi_file.hpp"

namespace longplay {

struct Channels {
  std::array<std::uint8_t, Note::kPrograms> of{};  // by program; a piano alone is on channel 0
  std::vector<ChannelMessage> changes;             // at tick 0: the programs of the channels
};

// Gives each program of the notes a channel, and drums channel 9, which is 10 in the names of the standard.
// Source: General MIDI System Level 1, RP-003. There are 15 channels for programs. If there are more
// programs, the rarest become the nearest program that has a channel; the notes then obey resolve_overlaps.
Channels assign_channels(std::vector<Note>& notes);

}  // namespace longplay
