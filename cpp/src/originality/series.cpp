#include <algorithm>

#include "base/day.hpp"
#include "base/require.hpp"
#include "originality/windows.hpp"

namespace longplay {
namespace {

std::size_t nearest_step(std::int64_t ms, std::int64_t step_ms) {
  return static_cast<std::size_t>((ms + step_ms / 2) / step_ms);
}

std::size_t first_step(const Note& note, std::int64_t step_ms) {
  return nearest_step(note.onset_ms, step_ms);
}

std::size_t end_step(const Note& note, std::int64_t step_ms) {
  return std::max(first_step(note, step_ms) + 1, nearest_step(note.onset_ms + note.duration_ms, step_ms));
}

void check(const Note& note) {
  require_range("onset_ms", note.onset_ms, 0, kDayMs);
  require_range("duration_ms", note.duration_ms, 1, kDayMs);
  require_range<int>("pitch", note.pitch, 0, 127);
}

}  // namespace

std::vector<std::uint8_t> pitch_series(std::span<const Note> notes, PitchSeries kind, std::int64_t step_ms) {
  require_at_least("step_ms", step_ms, 10);
  std::size_t length = 0;
  for (const Note& note : notes) {
    check(note);
    length = std::max(length, end_step(note, step_ms));
  }
  std::vector<std::uint8_t> series(length, 0);
  for (const Note& note : notes) {
    const std::size_t begin = first_step(note, step_ms);
    const std::size_t end = kind == PitchSeries::sounding ? end_step(note, step_ms) : begin + 1;
    for (std::size_t step = begin; step < end; ++step) series[step] = std::max(series[step], note.pitch);
  }
  if (kind == PitchSeries::struck) {
    for (std::size_t step = 1; step < length; ++step)
      if (series[step] == 0) series[step] = series[step - 1];
  }
  return series;
}

}  // namespace longplay
