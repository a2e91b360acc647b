// Floor 6: music that is made while it is listened to.
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

// A candidate, saved. It comes back from outside, so the reader trusts nothing in `state`.
struct Snapshot {
  std::vector<std::byte> state;  // DecodeState, packed
  std::uint64_t events = 0;      // drawn so far
  std::vector<Note> notes;       // of a stream, drawn and not final; of a piece, before the first one drawn
};

// Music without end. Its notes are handed out when they are final. Safe to use from several threads.
class Stream {
 public:
  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  ~Stream();

  // Feeds some of the seed to the model. False when all of it is fed; `draw` feeds the rest first.
  bool prefill();
  // Draws `events` events. Returns the notes that are final now: none, perhaps. They are by onset, then
  // pitch, and those of all calls together obey resolve_overlaps.
  std::vector<Note> draw(std::uint64_t events);
  Snapshot save();
  const std::vector<std::string>& warnings() const;  // of reading the seed

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

// Music made note by note, together with somebody who plays. A note ends the one before it on its
// pitch. Safe to use from several threads, one after the other.
class Session {
 public:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  ~Session();

  bool prefill();  // as a stream does
  // Feeds a note that was played. Throws std::invalid_argument naming what of it is out of range; its
  // onset is no earlier than that of the last note, fed or drawn.
  void feed(const Note& note);
  // Draws what is not given: the time, then the pitch, the velocity and the duration, each of which knows
  // what comes before it. Throws as `feed` does; besides, the onset is at most as late as a drawn one may be.
  Note next(const ForcedFields& given = {});
  Snapshot save();
  const std::vector<std::string>& warnings() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace longplay
