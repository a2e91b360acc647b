#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/require.hpp"
#include "score/score.hpp"

namespace longplay {
namespace {

void check_times(const std::vector<Note>& notes) {
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Note& note = notes[i];
    if (note.onset_ms < 0)
      refuse("notes[" + std::to_string(i) + "].onset_ms must be at least 0", note.onset_ms);
    if (note.duration_ms < 1)
      refuse("notes[" + std::to_string(i) + "].duration_ms must be at least 1", note.duration_ms);
  }
}

bool by_onset(const Note& a, const Note& b) { return a.onset_ms < b.onset_ms; }
bool by_pitch(const Note& a, const Note& b) {
  return (a.pitch << 8 | a.program) < (b.pitch << 8 | b.program);
}

std::size_t key_of(const Note& note) { return note.program * std::size_t{256} + note.pitch; }

}  // namespace

void resolve_overlaps(std::vector<Note>& notes) {
  check_times(notes);
  if (!std::is_sorted(notes.begin(), notes.end(), by_onset)) std::sort(notes.begin(), notes.end(), by_onset);
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::uint8_t last_program = 0;
  for (const Note& note : notes) last_program = std::max(last_program, note.program);
  // By program and pitch: where in `notes` the latest note is kept.
  std::vector<std::size_t> latest(std::size_t{256} * (last_program + 1U), kNone);
  std::size_t kept = 0;
  for (std::size_t first = 0, last = 0; first < notes.size(); first = last) {
    while (last < notes.size() && notes[last].onset_ms == notes[first].onset_ms) ++last;
    if (last - first > 1) std::sort(notes.data() + first, notes.data() + last, by_pitch);
    for (std::size_t i = first; i < last; ++i) {
      const Note note = notes[i];
      std::size_t& index = latest[key_of(note)];
      if (index != kNone) {
        Note& before = notes[index];
        if (before.onset_ms == note.onset_ms) {
          before.duration_ms = std::max(before.duration_ms, note.duration_ms);
          before.velocity = std::max(before.velocity, note.velocity);
          continue;
        }
        before.duration_ms = std::min(before.duration_ms, note.onset_ms - before.onset_ms);
      }
      index = kept;
      notes[kept++] = note;
    }
  }
  notes.resize(kept);
}

}  // namespace longplay
