// Bytes <-> MIDI events, as in the Standard MIDI Files 1.0 specification. docs/midi.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/stop.hpp"
#include "midi/midi_warnings.hpp"

namespace longplay {

// Limits of the reader, which checks them before it allocates memory.
struct MidiLimits {
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 28;
  static constexpr std::size_t kMaxTracks = 65'535;  // the highest number that fits in the header
};

// The length of a tick: a part of a quarter note, whose length tempo events change, or a part of a film
// frame. One of the two pairs is 0.
struct MidiDivision {
  int ticks_per_quarter = 0;
  int frames_per_second = 0;  // 24, 25, 30, or 29 for 30000/1001
  int ticks_per_frame = 0;
};

// Where the data of a track is: offsets in the file's bytes.
struct MidiTrack {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct MidiFile {
  int type = 0;  // 0, 1 or 2
  MidiDivision division;
  std::vector<MidiTrack> tracks;
};

// Finds the header and the tracks, wherever they are (docs/midi.md). Throws MidiError if there is no header
// that can be read, Cancelled if a stop is requested.
MidiFile open_midi(std::span<const std::uint8_t> bytes, MidiWarnings& warnings, const Stop& stop);

// Of a channel message. Program change and channel pressure have one, the others two.
constexpr bool has_two_data_bytes(std::uint8_t status) { return (status & 0xE0) != 0xC0; }

// One message of a track.
struct MidiEvent {
  std::int64_t tick = 0;    // from the start of its track
  std::uint8_t status = 0;  // 0x80-0xEF channel message, 0xF0 or 0xF7 sysex, 0xFF meta
  std::uint8_t data1 = 0;   // first data byte; the type of a meta event
  std::uint8_t data2 = 0;   // second data byte, or 0
  std::size_t offset = 0;   // of the status byte, or of the first data byte under running status
  std::span<const std::uint8_t> payload;  // of meta and sysex
};

inline constexpr std::uint8_t kSysex = 0xF0;
inline constexpr std::uint8_t kEscape = 0xF7;  // the continuation of a sysex, or any bytes
inline constexpr std::uint8_t kMeta = 0xFF;
inline constexpr std::uint8_t kMetaEndOfTrack = 0x2F;
inline constexpr std::uint8_t kMetaTempo = 0x51;

// Reads a track one message at a time, so that a file needs no memory but its bytes.
class MidiTrackReader {
 public:
  MidiTrackReader(std::span<const std::uint8_t> bytes, MidiTrack track, MidiWarnings& warnings)
      : bytes_(bytes), position_(track.begin), end_(track.end), warnings_(&warnings) {}

  // Returns false after End-of-Track, which is always the last message. A track without it, or with an error,
  // ends after its last complete message.
  bool next(MidiEvent& event);

  // Offset of the next message, or of the bytes that cannot be read.
  std::size_t position() const { return position_; }

  // Whether the track itself contained the End-of-Track.
  bool found_end_of_track() const { return found_end_of_track_; }

 private:
  enum class Outcome : std::uint8_t { read, skipped, truncated, number_too_long, no_status };
  Outcome read_message(MidiEvent& event);
  Outcome read_system(MidiEvent& event);
  Outcome read_number(std::uint64_t& number);
  void clamp(MidiEvent& event, std::size_t at, std::size_t size);
  void end_track(MidiEvent& event, Outcome reason, std::size_t start, std::int64_t tick);

  std::span<const std::uint8_t> bytes_;
  std::size_t position_;
  std::size_t end_;
  std::int64_t tick_ = 0;
  std::uint8_t running_status_ = 0;  // 0: none
  bool interrupted_ = false;         // by a meta event or sysex since the running status was set
  bool ended_ = false;
  bool found_end_of_track_ = false;
  MidiWarnings* warnings_;
};

// A message takes 6 bytes if its delta has 5, which hold 35 bits.
static_assert(MidiLimits::kMaxBytes / 6 < std::uint64_t{1} << (63 - 35), "ticks do not overflow");

// One channel message at a tick, for writing.
struct ChannelMessage {
  std::int64_t tick = 0;
  std::uint8_t status = 0, data1 = 0, data2 = 0;
};

// Writes a type 0 file with one track. Under running status a status byte that repeats the one before it
// is left out.
class MidiWriter {
 public:
  // Reserves memory for `messages` messages; more may follow. Throws std::invalid_argument unless
  // ticks_per_quarter is 1 to 32767.
  MidiWriter(std::size_t messages, int ticks_per_quarter, bool running_status);

  // In order of tick. Throws std::invalid_argument if a byte is not a channel message's, a tick falls, or its
  // distance does not fit in 28 bits. The error names the message by its number in the file.
  void add(std::span<const ChannelMessage> messages);

  // The file, with End-of-Track at `end_tick`, which is refused like a message's. Ends the writer.
  std::vector<std::uint8_t> finish(std::int64_t end_tick);

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t count_ = 0;  // of the messages written
  std::int64_t tick_ = 0;  // of the last one
  int status_ = -1;
  bool running_status_;
};

}  // namespace longplay
