// A note as an event of a model: one id for each of four fields.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace longplay {

inline constexpr std::size_t kNoteFields = 4;

// Indices of the fields.
inline constexpr std::size_t kTimeShift = 0;
inline constexpr std::size_t kPitch = 1;
inline constexpr std::size_t kVelocity = 2;
inline constexpr std::size_t kDuration = 3;

inline constexpr std::array<const char*, kNoteFields> kNoteFieldNames{"time_shift", "pitch", "velocity",
                                                                      "duration"};

using NoteEvent = std::array<std::int32_t, kNoteFields>;

// Returns the first kNoteFields ids as an event.
inline NoteEvent note_event(std::span<const std::int32_t> ids) { return {ids[0], ids[1], ids[2], ids[3]}; }

}  // namespace longplay
