// Floor 1: bytes <-> MIDI events, as in the Standard MIDI Files 1.0 specification.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace longplay {

// What the reader accepts before it takes memory for it.
struct MidiLimits {
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 28;
  static constexpr std::size_t kMaxEvents = std::size_t{1} << 25;
};

// One message of a track. Meta and sysex payloads stay in the file's bytes.
struct MidiEvent {
  std::int64_t tick;             // from the start of its track
  std::uint8_t status;           // 0x80-0xEF channel message, 0xF0/0xF7 sysex, 0xFF meta
  std::uint8_t data1;            // first data byte; the type of a meta event
  std::uint8_t data2;            // second data byte, or 0
  std::uint32_t payload_offset;  // meta and sysex: where the payload starts in the file
  std::uint32_t payload_size;
};

struct MidiFile {
  int type;                              // 0, 1 or 2
  int ticks_per_quarter;                 // 0 when the division is SMPTE
  double ticks_per_second;               // 0 unless the division is SMPTE
  std::vector<std::vector<MidiEvent>> tracks;
  std::vector<std::string> warnings;     // what was odd but read, each a sentence
};

// Throws MidiError for anything that is not a readable file.
MidiFile parse_midi(std::span<const std::uint8_t> bytes);

// One channel message at a tick, for writing.
struct ChannelMessage {
  std::int64_t tick;
  std::uint8_t status, data1, data2;
};

// A type 0 file with one track: `messages` in order of tick, End-of-Track at `end_tick`.
// Throws std::invalid_argument when ticks fall, or a delta does not fit in 28 bits.
std::vector<std::uint8_t> format_midi(std::span<const ChannelMessage> messages,
                                      std::int64_t end_tick, int ticks_per_quarter,
                                      bool running_status);

}  // namespace longplay
