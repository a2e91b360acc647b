// GenerationResult events -> notes.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

// Hands out each note when nothing that comes later can change it any more. What it hands out is by
// onset, then pitch, and obeys resolve_overlaps; nothing sounds past the start of a new piece of a
// recital.
class Assembler {
 public:
  // Nothing sounds past `end_ms`.
  explicit Assembler(std::int64_t end_ms) : end_ms_(end_ms) {}

  void add(const Tokenizer& tokenizer, const GenerationResult& drawn);
  // Takes a note whose onset is no earlier than that of the one before.
  void add(const Note& note);

  // The notes that are final, each once.
  std::vector<Note> take();
  // All that were not taken, each as it is so far. Added to an Assembler, they bring it to where this one is.
  std::vector<Note> left() const;
  // The music is over: all notes are final.
  void finish();

 private:
  void end_piece(std::int64_t next_ms);
  void end_chord();
  void release(std::int64_t now_ms);

  std::int64_t end_ms_;
  std::vector<Note> chord_;    // what starts at the last onset, by pitch
  std::deque<Note> sounding_;  // what came before and is not final, or comes after a note that is not
  std::uint64_t released_ = 0;
  std::array<std::uint64_t, 256> latest_{};  // by pitch: how many notes there were up to its latest one
  std::vector<Note> final_;
};

}  // namespace longplay
