// Assembles drawn notes into final notes.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

// Returns each note once later notes can no longer change it. The notes are sorted by onset, then pitch, and
// obey resolve_overlaps. No note sounds past the start of the next piece of a recital.
class Assembler {
 public:
  // Nothing sounds past `end_ms`.
  explicit Assembler(std::int64_t end_ms) : end_ms_(end_ms) {}

  void add(const GenerationResult& drawn);
  // Takes a note. Its onset must not be earlier than that of the note before.
  void add(const Note& note);

  // The notes that are final, each once.
  std::vector<Note> take();
  // Returns all notes that were not taken, as they are now. Added to a new Assembler, they restore this
  // state.
  std::vector<Note> left() const;
  // Ends the music: all notes become final.
  void finish();

 private:
  void end_piece(std::int64_t next_ms);
  void end_chord();
  void release_key(std::uint8_t pitch, std::int64_t at_ms);
  void release(std::int64_t now_ms);

  std::int64_t end_ms_;
  std::vector<Note> chord_;    // notes of the last onset, by pitch
  std::deque<Note> sounding_;  // earlier notes that are not final, or follow one that is not
  std::uint64_t released_ = 0;
  std::array<std::uint64_t, 256> latest_{};  // by pitch: how many notes there were up to its latest one
  std::vector<Note> final_;
};

}  // namespace longplay
