// From ticks to milliseconds, exactly.
#pragma once

#include <cstdint>
#include <string>

#include "longplay/error.hpp"
#include "longplay/midi_file.hpp"
#include "longplay/score.hpp"

namespace longplay {

// Time in whole parts of a millisecond, small enough that every tick falls on one: nothing is rounded
// before a note's time is asked for, so no error adds up.
class MidiClock {
 public:
  explicit MidiClock(const MidiDivision& division) : follows_tempo_(division.ticks_per_quarter > 0) {
    if (follows_tempo_) {
      parts_per_ms_ = std::int64_t{1000} * division.ticks_per_quarter;
      reset_tempo();
    } else if (division.frames_per_second == 29) {  // 30000/1001
      parts_per_ms_ = std::int64_t{30} * division.ticks_per_frame;
      parts_per_tick_ = 1001;
    } else {
      parts_per_ms_ = std::int64_t{division.frames_per_second} * division.ticks_per_frame;
      parts_per_tick_ = 1000;
    }
    limit_ = ScoreLimits::kMaxMilliseconds * parts_per_ms_;
  }

  // Ticks count from the last start_sequence. `offset` is for the message of an error.
  void move_to(std::int64_t tick, std::size_t offset) {
    if (tick == tick_) return;
    const std::int64_t ticks = tick - tick_;
    if (parts_per_tick_ > 0 && ticks > (limit_ - parts_) / parts_per_tick_)
      throw MidiError(
          "the time is past the limit of " + std::to_string(ScoreLimits::kMaxMilliseconds) + " ms", offset);
    parts_ += ticks * parts_per_tick_;
    tick_ = tick;
    milliseconds_ = (parts_ + parts_per_ms_ / 2) / parts_per_ms_;  // to the nearest, halves up
  }

  void set_tempo(std::uint32_t microseconds_per_quarter) {
    if (follows_tempo_) parts_per_tick_ = microseconds_per_quarter;
  }

  // The next tick 0 is now.
  void start_sequence() {
    tick_ = 0;
    if (follows_tempo_) reset_tempo();
  }

  std::int64_t milliseconds() const { return milliseconds_; }

 private:
  void reset_tempo() { parts_per_tick_ = 500'000; }  // us per quarter: 120 to the minute

  bool follows_tempo_;
  std::int64_t parts_per_ms_ = 1;
  std::int64_t parts_per_tick_ = 0;
  std::int64_t limit_ = 0;
  std::int64_t tick_ = 0;
  std::int64_t parts_ = 0;
  std::int64_t milliseconds_ = 0;
};

}  // namespace longplay
