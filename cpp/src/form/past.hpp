// The parts of the form that remember the notes so far.
#pragma once

#include "form/hands.hpp"
#include "form/key_pull.hpp"
#include "form/loop_guard.hpp"
#include "form/pianist.hpp"
#include "form/quote_guard.hpp"
#include "form/steering.hpp"
#include "form/stuck_guard.hpp"

namespace longplay {

struct Past {
  LoopGuard loop_guard;
  QuoteGuard quote_guard;
  Hands hands;
  Pianist pianist;
  StuckGuard stuck_guard;
  KeyPull key_pull;
  Steering steering;

  // Takes a note in every part but the loop guard, which takes ids.
  void push(const Note& note) {
    quote_guard.push(note.pitch, note.onset_ms);
    hands.push(note.pitch, note.onset_ms);
    pianist.push(note.pitch, note.onset_ms);
    stuck_guard.push(note.pitch, note.onset_ms);
    key_pull.push(note.pitch);
    steering.push(note);
  }

  void begin_piece() {
    key_pull.begin_piece();
    steering.begin_piece();
  }

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    loop_guard.archive(archive);
    quote_guard.archive(archive);
    hands.archive(archive);
    pianist.archive(archive);
    stuck_guard.archive(archive);
    key_pull.archive(archive);
    steering.archive(archive);
  }
};

}  // namespace longplay
