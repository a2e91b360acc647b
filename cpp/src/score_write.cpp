#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string>

#include "longplay/score.hpp"

namespace longplay {
namespace {

std::string at(std::size_t index, const char* field, std::int64_t value) {
  return "notes[" + std::to_string(index) + "]." + field + " is " + std::to_string(value);
}

void check_times(std::span<const Note> notes) {
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (notes[i].onset_ms < 0)
      throw std::invalid_argument(at(i, "onset_ms", notes[i].onset_ms) + ", not 0 or more");
    if (notes[i].duration_ms < 1)
      throw std::invalid_argument(at(i, "duration_ms", notes[i].duration_ms) + ", not 1 or more");
  }
}

bool by_onset(const Note& a, const Note& b) { return a.onset_ms < b.onset_ms; }
bool by_pitch(const Note& a, const Note& b) { return a.pitch < b.pitch; }

// Notes that were read are by onset already: only chords need sorting.
void sort(std::vector<Note>& notes) {
  if (!std::is_sorted(notes.begin(), notes.end(), by_onset)) std::sort(notes.begin(), notes.end(), by_onset);
  for (auto first = notes.begin(); first != notes.end();) {
    const auto last =
        std::find_if(first, notes.end(), [&](const Note& note) { return note.onset_ms != first->onset_ms; });
    std::sort(first, last, by_pitch);
    first = last;
  }
}

}  // namespace

void resolve_overlaps(std::vector<Note>& notes) {
  check_times(notes);
  sort(notes);
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::array<std::size_t, 256> latest;  // by pitch: where in `notes` its latest note is kept
  latest.fill(kNone);
  std::size_t kept = 0;
  for (const Note& note : notes) {
    std::size_t& place = latest[note.pitch];
    if (place != kNone) {
      Note& before = notes[place];
      if (before.onset_ms == note.onset_ms) {
        before.duration_ms = std::max(before.duration_ms, note.duration_ms);
        before.velocity = std::max(before.velocity, note.velocity);
        continue;
      }
      before.duration_ms = std::min(before.duration_ms, note.onset_ms - before.onset_ms);
    }
    place = kept;
    notes[kept++] = note;
  }
  notes.resize(kept);
}

}  // namespace longplay
