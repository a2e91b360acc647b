// The registers of a vocabulary: all that the meaning of the next token depends on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace longplay {

// The registers of time. Times are in ticks from the beginning of a piece.
struct Clock {
  static constexpr std::int64_t kMaxTicks = std::int64_t{1} << 37;

  std::int32_t bar_length = 0;  // or 0 for no bars
  std::int32_t beat = 4;        // of the meter: a quarter note is 4, an eighth 8
  bool in_bar = false;          // a bar has begun
  std::int64_t time = 0;
  std::int64_t bar_start = 0;
  std::int64_t seek_from = 0;    // the earliest time of a position that is `later`
  std::int64_t latest_end = 0;   // of the notes whose duration is known
  std::int64_t tick_length = 0;  // in parts of a ms, of which the vocabulary says how many there are
  std::int64_t tempo_from = 0;   // where ticks of this length began
  std::int64_t tempo_parts = 0;  // in parts: this time

  bool operator==(const Clock&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(bar_length, beat, in_bar, time, bar_start, seek_from, latest_end, tick_length, tempo_from,
            tempo_parts);
  }
};

// The registers but the keys.
struct Reading : Clock {
  std::int32_t type = -1;   // of the last token, or -1 before the first
  std::int32_t pitch = -1;  // token that names the pitches, or -1
  std::int32_t velocity = 0;
  std::int32_t duration = 0;
  std::int32_t voice = 0;         // index of the program
  std::int64_t last_strike = -1;  // time of the last note, or -1

  // The index of a pitch of the voice among the keys.
  std::size_t key(std::size_t of) const { return static_cast<std::size_t>(voice) * 128 + of; }

  bool operator==(const Reading&) const = default;
};

// A key may be pressed several times. More presses than kMostPresses are not counted.
inline constexpr int kMostPresses = std::numeric_limits<std::uint8_t>::max();

struct Registers : Reading {
  std::vector<std::uint64_t> struck;  // two for each voice: a bit for each pitch struck at `last_strike`
  std::vector<std::uint8_t> pressed;  // by voice and pitch: presses without a release

  // Whether the key was struck at this time.
  bool is_struck(std::size_t key) const {
    return last_strike == time && (struck[key / 64] >> (key % 64) & 1) != 0;
  }
  int presses(std::size_t key) const { return pressed[key]; }
  void strike(std::size_t key) {
    if (last_strike != time) std::ranges::fill(struck, 0);
    last_strike = time;
    struck[key / 64] |= std::uint64_t{1} << (key % 64);
  }
  void press(std::size_t key, int presses) { pressed[key] = static_cast<std::uint8_t>(presses); }

  bool operator==(const Registers&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    Clock::archive(archive);
    archive(type, pitch, velocity, duration, voice, last_strike, struck, pressed);
  }
};

// Registers after some tokens, without a copy of the keys. Each attempt adds its changes to a common list;
// who returns to an earlier attempt shortens the list.
struct Attempt : Reading {
  struct Change {
    std::size_t key;
    std::int64_t struck_at;  // or -1 for a change of presses
    int presses;
  };

  Attempt(const Registers& from, std::vector<Change>& changed)
      : Reading(from), before(&from), changes(&changed) {}

  bool is_struck(std::size_t key) const {
    return (before->time == time && before->is_struck(key)) ||
           std::ranges::any_of(*changes,
                               [&](const Change& one) { return one.key == key && one.struck_at == time; });
  }
  int presses(std::size_t key) const {
    for (std::size_t i = changes->size(); i > 0; --i) {
      const Change& last = (*changes)[i - 1];
      if (last.key == key && last.struck_at < 0) return last.presses;
    }
    return before->presses(key);
  }
  void strike(std::size_t key) {
    last_strike = time;
    changes->push_back({key, time, 0});
  }
  void press(std::size_t key, int presses) { changes->push_back({key, -1, presses}); }

  const Registers* before;
  std::vector<Change>* changes;
};

}  // namespace longplay
