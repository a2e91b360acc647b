// Assembles drawn notes into final notes.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

// Returns each note once later notes can no longer change it. The notes are sorted by onset, pitch, then
// program, and obey resolve_overlaps. No note sounds past the start of the next piece of a recital.
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
  std::uint64_t& latest(const Note& note);
  void release_key(const Note& key);
  void release(std::int64_t now_ms);

  std::int64_t end_ms_;
  std::vector<Note> chord_;    // notes of the last onset, by pitch, then program
  std::deque<Note> sounding_;  // earlier notes that are not final, or follow one that is not
  std::uint64_t released_ = 0;
  std::vector<std::uint64_t> latest_ = std::vector<std::uint64_t>(128);  // by program and pitch
  std::vector<Note> final_;
};

}  // namespace longplay
