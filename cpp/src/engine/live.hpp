// Streams and sessions: music generated in real time. Their calls throw Cancelled if a stop is requested, and
// then change nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "score/score.hpp"

namespace longplay {

class Stop;

// A saved candidate. Snapshots come from untrusted files, so the reader validates all of `state`.
struct Snapshot {
  std::vector<std::byte> state;  // DecodeState as bytes
  std::uint64_t events = 0;      // drawn so far
  std::vector<Note> notes;       // of a stream: drawn but not final; of a piece: before the first one drawn;
                                 // of a piece of tokens: all
};

// Endless music. It returns each note once the note is final. Safe to use from several threads.
class Stream {
 public:
  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  ~Stream();

  // Feeds some of the seed to the model. Returns false once all of it is fed; `draw` feeds the rest first.
  bool prefill(Stop& stop);
  // Draws `events` events. Returns the notes that became final, possibly none. They are sorted by onset,
  // then pitch, and the notes of all calls together obey resolve_overlaps.
  std::vector<Note> draw(std::uint64_t events, Stop& stop);
  Snapshot save(Stop& stop);
  const std::vector<std::string>& warnings() const;  // of reading the seed
  bool has_programs() const;  // whether notes may have another program than that of a piano

 private:
  std::unique_ptr<Impl> impl_;
};

// The fields of the next note that the caller forces.
struct ForcedFields {
  std::optional<std::int64_t> onset_ms;
  std::optional<std::int64_t> duration_ms;
  std::optional<int> pitch;
  std::optional<int> velocity;
};

// Music generated note by note, together with a player. A note ends the previous note of its pitch.
// Threads may share a session if they take turns.
class Session {
 public:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  ~Session();

  bool prefill(Stop& stop);  // as a stream does
  // Feeds a note that was played. Throws std::invalid_argument naming a field out of range; the onset must
  // not be earlier than that of the last note, fed or drawn.
  void feed(const Note& note, Stop& stop);
  // Draws the fields that are not forced, in this order: time, pitch, velocity, duration. Each is conditional
  // on those before it. Throws as `feed` does, and if the onset is later than a drawn one may be.
  Note next(const ForcedFields& forced, Stop& stop);
  Snapshot save(Stop& stop);
  const std::vector<std::string>& warnings() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace longplay
