// MIDI events <-> notes. The rules are in docs/midi.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/day.hpp"
#include "base/note.hpp"
#include "base/stop.hpp"

namespace longplay {

// Limits of the reader, which checks them before it allocates memory. They keep times from overflow.
struct ScoreLimits {
  static constexpr std::size_t kMaxNotes = std::size_t{1} << 24;
  static constexpr std::int64_t kMaxMilliseconds = kDayMs;
};

struct Score {
  std::vector<Note> notes;            // by onset, then pitch; no two overlap on one pitch
  std::vector<std::string> warnings;  // oddities of the file, each a sentence
};

struct ReadOptions {
  bool sustain;     // bake the sustain pedal (CC 64) into durations
  bool keep_drums;  // keep channel 10
  bool piano_only;  // drop notes of programs other than pianos; not channel 10
};

// Throws MidiError when the bytes cannot be read, or go past ScoreLimits, and Cancelled if a stop is
// requested.
Score read_score(std::span<const std::uint8_t> bytes, const ReadOptions& options, const Stop& stop);

// Sorts by onset, pitch, then program, and resolves the overlaps of each pitch of a program. An earlier note
// ends where a later one starts. Notes that start together become one, with the longest duration and the
// highest velocity. Throws std::invalid_argument naming a note with a negative onset or a duration below 1.
void resolve_overlaps(std::vector<Note>& notes);

struct WriteOptions {
  bool running_status;   // writes note_offs as note_ons of velocity 0, so that all have one status
  std::int64_t clip_ms;  // adds anchors for clips of this length, at least 1000; 0 adds none
};

// A type 0 file of exactly `length_ms`, 500 ticks per quarter, no tempo event: a tick is a
// millisecond. Notes of other programs than a piano's are on the channels of assign_channels. Throws
// std::invalid_argument naming a note that is out of order or range, overlaps another note of its pitch, or
// is not over before `length_ms`.
std::vector<std::uint8_t> write_score(std::span<const Note> notes, std::int64_t length_ms,
                                      const WriteOptions& options);

}  // namespace longplay
