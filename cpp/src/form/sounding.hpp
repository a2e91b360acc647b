// When each pitch falls silent.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "events/tokenizer.hpp"

namespace longplay {

// Follows notes in order of onset. A new note ends the one before it on its pitch, as on a keyboard.
class Sounding {
 public:
  void strike(const Note& note) { until_ms_[note.pitch] = note.onset_ms + note.duration_ms; }
  // The key of a pitch is released: its note ends, unless it is over.
  void release(std::uint8_t pitch, std::int64_t at_ms) {
    until_ms_[pitch] = std::min(until_ms_[pitch], at_ms);
  }

  // The end of the last note.
  std::int64_t until_ms() const { return std::ranges::max(until_ms_); }

  // Whether all times are in [0, latest_ms].
  bool is_valid(std::int64_t latest_ms) const {
    return std::ranges::all_of(until_ms_, [=](std::int64_t ms) { return ms >= 0 && ms <= latest_ms; });
  }

  bool operator==(const Sounding&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(until_ms_);
  }

 private:
  std::array<std::int64_t, 128> until_ms_{};  // by pitch
};

}  // namespace longplay
