// Any bytes: notes that keep their promises and warnings that say where, or a MidiError that points into the
// bytes.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "form/form_rules.hpp"
#include "input.hpp"
#include "score/score.hpp"

namespace longplay {
namespace {

Stop never;

std::int64_t require_playable(const std::vector<Note>& notes) {
  std::array<std::int64_t, 128> free_from{};  // by pitch
  std::int64_t last_end = 0;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Note& note = notes[i];
    require(note.pitch < 128 && note.velocity >= 1 && note.velocity <= 127);
    require(note.duration_ms >= 1 && note.onset_ms >= free_from[note.pitch]);
    require(note.onset_ms <= ScoreLimits::kMaxMilliseconds);
    if (i > 0) {
      const Note& before = notes[i - 1];
      require(note.onset_ms > before.onset_ms ||
              (note.onset_ms == before.onset_ms && note.pitch > before.pitch));
    }
    free_from[note.pitch] = note.onset_ms + note.duration_ms;
    last_end = std::max(last_end, free_from[note.pitch]);
  }
  return last_end;
}

// How the engine reads a seed.
constexpr ReadOptions kAsSeed{.sustain = true, .keep_drums = false, .piano_only = false};

// Each warning ends with the offset of the byte that it is about.
void require_offsets(const std::vector<std::string>& warnings, std::size_t size) {
  for (const std::string& warning : warnings) {
    const std::size_t at = warning.rfind(" at byte ");
    require(at != std::string::npos);
    require(std::stoull(warning.substr(at + std::string(" at byte ").size())) <= size);
  }
}

void read(std::span<const std::uint8_t> bytes, const ReadOptions& options) {
  Score score;
  try {
    score = read_score(bytes, options, never);
  } catch (const MidiError& error) {
    require(error.offset() <= bytes.size());
    return;
  }
  require_offsets(score.warnings, bytes.size());
  const std::int64_t length_ms = require_playable(score.notes) + 1;
  if (length_ms > ScoreLimits::kMaxMilliseconds) return;
  const WriteOptions write_options{.running_status = bytes.size() % 2 == 0,
                                   .clip_ms = options.sustain ? FormRules::kClipMs : 0};
  const Score again = read_score(write_score(score.notes, length_ms, write_options), kAsSeed, never);
  require(again.notes == score.notes);
  require(again.warnings.empty());
}

}  // namespace
}  // namespace longplay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  longplay::read({data, size}, longplay::kAsSeed);
  longplay::read({data, size}, {.sustain = false, .keep_drums = true, .piano_only = true});
  return 0;
}
