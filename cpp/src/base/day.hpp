// A day: the longest music, and the longest time that a model or a file may give.
#pragma once

#include <cstdint>

namespace longplay {

inline constexpr std::int32_t kDayMs = 24 * 3600 * 1000;

}  // namespace longplay
