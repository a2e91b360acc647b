// From ticks to milliseconds, exactly.
#pragma once

#include <cstdint>

#include "midi/midi_file.hpp"
#include "score/score.hpp"

namespace longplay {

// Time in integer parts of a millisecond, small enough that every tick is a whole number of parts. Only the
// conversion to milliseconds rounds, so errors do not accumulate.
class MidiClock {
 public:
  explicit MidiClock(const MidiDivision& division) : follows_tempo_(division.ticks_per_quarter > 0) {
    if (follows_tempo_) {
      parts_per_ms_ = std::int64_t{1000} * division.ticks_per_quarter;
      parts_per_tick_ = kDefaultTempo;
    } else if (division.frames_per_second == 29) {  // 30000/1001
      parts_per_ms_ = std::int64_t{30} * division.ticks_per_frame;
      parts_per_tick_ = 1001;
    } else {
      parts_per_ms_ = std::int64_t{division.frames_per_second} * division.ticks_per_frame;
      parts_per_tick_ = 1000;
    }
    find_last_tick();
  }

  // Ticks count from the last start_sequence, and never fall. False, and the time stays, if the tick is later
  // than ScoreLimits::kMaxMilliseconds.
  bool move_to(std::int64_t tick) {
    if (tick == tick_) return true;
    if (tick > last_tick_) return false;
    parts_ += (tick - tick_) * parts_per_tick_;
    tick_ = tick;
    milliseconds_ = divide(parts_ + parts_per_ms_ / 2, parts_per_ms_);  // to the nearest, halves up
    return true;
  }

  // Only for files whose ticks are parts of a quarter note; the others have no tempo.
  void set_tempo(std::uint32_t microseconds_per_quarter) {
    if (!follows_tempo_) return;
    parts_per_tick_ = microseconds_per_quarter;
    find_last_tick();
  }

  // Makes the current time the next tick 0.
  void start_sequence() {
    tick_ = 0;
    if (follows_tempo_) parts_per_tick_ = kDefaultTempo;
    find_last_tick();
  }

  std::int64_t milliseconds() const { return milliseconds_; }

 private:
  static constexpr std::int64_t kDefaultTempo = 500'000;  // us per quarter: 120 to the minute

  // Floor of a / b, faster than dividing integers. The limit on time ensures 0 <= a + b < 2^53. A quotient
  // below a whole number is below it by 1 / b or more, so a double does not round it up.
  static std::int64_t divide(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<double>(a) / static_cast<double>(b));
  }

  void find_last_tick() {
    last_tick_ = tick_ + (ScoreLimits::kMaxMilliseconds * parts_per_ms_ - parts_) / parts_per_tick_;
  }

  bool follows_tempo_;
  std::int64_t parts_per_ms_ = 1;
  std::int64_t parts_per_tick_ = 1;
  std::int64_t last_tick_ = 0;  // before the limit on time, if the tempo stays
  std::int64_t tick_ = 0;
  std::int64_t parts_ = 0;
  std::int64_t milliseconds_ = 0;
};

static_assert(ScoreLimits::kMaxMilliseconds + 2 < (std::int64_t{1} << 53) / (1000 * 32'768), "see divide");

}  // namespace longplay
