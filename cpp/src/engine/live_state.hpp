// The state of a Stream and of a Session.
#pragma once

#include <mutex>

#include "engine/assemble.hpp"
#include "engine/continuation.hpp"
#include "engine/live.hpp"

namespace longplay {

struct Stream::Impl {
  Impl(Continuation candidate, const Tokenizer& notes_and_events, std::vector<std::string> seed_warnings)
      : continuation(std::move(candidate)), tokenizer(notes_and_events), warnings(std::move(seed_warnings)) {}

  Continuation continuation;
  Tokenizer tokenizer;
  Assembler assembler{Form::kEndless};
  std::vector<std::string> warnings;
  Process process;
  std::mutex mutex;  // guards the continuation and the assembler
};

struct Session::Impl {
  Impl(Continuation candidate, const Tokenizer& notes_and_events, std::vector<std::string> seed_warnings)
      : continuation(std::move(candidate)), tokenizer(notes_and_events), warnings(std::move(seed_warnings)) {}

  static void check(const Note& note, const TimelineState& before, std::int64_t latest);
  // The event that stands for a note.
  NoteEvent event_of(Note note, const TimelineState& before) const;
  // Sets the time to a note's own onset; the event's is rounded.
  void keep_time(const Note& note, const TimelineState& before);
  // A note with what is given of it, and something for the rest.
  Note complete(const ForcedFields& given, const TimelineState& before) const;
  // The request's biases, that leave of what is given only the ids of the event.
  Continuation::Biases bias(const ForcedFields& given, const NoteEvent& asked) const;

  Continuation continuation;
  Tokenizer tokenizer;
  std::vector<std::string> warnings;
  Process process;
  std::mutex mutex;  // guards the continuation
};

}  // namespace longplay
