// The state of a Stream and of a Session.
#pragma once

#include <mutex>

#include "engine/assemble.hpp"
#include "engine/continuation.hpp"
#include "engine/live.hpp"

namespace longplay {

struct Stream::Impl {
  Impl(Continuation candidate, std::vector<std::string> seed_warnings, bool programs)
      : continuation(std::move(candidate)), warnings(std::move(seed_warnings)), has_programs(programs) {}

  Continuation continuation;
  Assembler assembler{Form::kEndless};
  std::vector<std::string> warnings;
  bool has_programs;
  Process process;
  std::mutex mutex;  // guards the continuation and the assembler
};

struct Session::Impl {
  Impl(Continuation candidate, const Tokenizer& notes_and_events, std::vector<std::string> seed_warnings)
      : continuation(std::move(candidate)), tokenizer(notes_and_events), warnings(std::move(seed_warnings)) {}

  static void check(const Note& note, const TimelineState& before, std::int64_t latest);
  // Encodes a note as an event.
  NoteEvent event_of(Note note, const TimelineState& before) const;
  // Sets the time to the exact onset of a note; the event's onset is rounded.
  void keep_time(const Note& note, const TimelineState& before, Stop& stop);
  // Returns a note with the forced fields and valid values for the others.
  Note complete(const ForcedFields& forced, const TimelineState& before) const;
  // Returns the request's biases, which allow only the event's ids in the forced fields.
  Continuation::Biases bias(const ForcedFields& forced, const NoteEvent& asked) const;

  Continuation continuation;
  Tokenizer tokenizer;
  std::vector<std::string> warnings;
  Process process;
  std::mutex mutex;  // guards the continuation
};

}  // namespace longplay
