#include "assemble.hpp"

#include <algorithm>

namespace longplay {
namespace {

void end_by(std::span<Note> notes, std::int64_t end_ms) {
  for (Note& note : notes) note.duration_ms = std::min(note.duration_ms, end_ms - note.onset_ms);
}

}  // namespace

std::vector<Note> assemble(const Tokenizer& tokenizer, const Drawn& drawn, std::vector<Note> before,
                           std::int64_t length_ms) {
  std::vector<Note> notes = std::move(before);
  notes.reserve(notes.size() + drawn.onsets_ms.size());
  std::size_t piece_begin = 0;
  for (std::size_t i = 0; i < drawn.onsets_ms.size(); ++i) {
    const std::int32_t* ids = &drawn.events[4 * i];
    if (ids[0] != tokenizer.end_id()) {
      notes.push_back(tokenizer.note({ids[0], ids[1], ids[2], ids[3]}, drawn.onsets_ms[i]));
    } else if (i + 1 < drawn.onsets_ms.size()) {
      end_by(std::span(notes).subspan(piece_begin), drawn.onsets_ms[i]);
      piece_begin = notes.size();
    }
  }
  end_by(notes, length_ms - kSilentEndMs);
  std::erase_if(notes, [](const Note& note) { return note.duration_ms < 1; });
  resolve_overlaps(notes);
  return notes;
}

}  // namespace longplay
