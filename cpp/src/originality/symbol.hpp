// Music as intervals between notes, independent of the key.
#pragma once

#include <cstdint>

namespace longplay {

// One symbol per note: kStart for the first note of a work, else the interval from the note before it, in
// semitones, plus kUnison.
using Symbol = std::uint8_t;
inline constexpr Symbol kStart = 0;
inline constexpr Symbol kUnison = 128;

}  // namespace longplay
