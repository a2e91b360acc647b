// What is behind a Stream and a Session.
#pragma once

#include <mutex>

#include "base/process.hpp"
#include "engine/assemble.hpp"
#include "engine/course.hpp"
#include "engine/live.hpp"

namespace longplay {

struct Stream::Impl {
  Impl(Course candidate, const Tokenizer& notes_and_events, std::vector<std::string> remarks)
      : course(std::move(candidate)), tokenizer(notes_and_events), warnings(std::move(remarks)) {}

  Course course;
  Tokenizer tokenizer;
  Assembler assembler{Form::kEndless};
  std::vector<std::string> warnings;
  Process process;
  std::mutex mutex;  // guards the course and the assembler
};

struct Session::Impl {
  Impl(Course candidate, const Tokenizer& notes_and_events, std::vector<std::string> remarks)
      : course(std::move(candidate)), tokenizer(notes_and_events), warnings(std::move(remarks)) {}

  static void check(const Note& note, const Place& before, std::int64_t latest);
  // The event that a note is heard as.
  NoteEvent heard(Note note, const Place& before) const;
  // The music has come to a note's own onset, whatever the event's was rounded to.
  void keep_time(const Note& note, const Place& before);
  // A note with what is given of it, and something for the rest.
  Note complete(const Given& given, const Place& before) const;
  // The request's biases, that leave of what is given only the ids of the event.
  Course::Biases bias(const Given& given, const NoteEvent& asked) const;

  Course course;
  Tokenizer tokenizer;
  std::vector<std::string> warnings;
  Process process;
  std::mutex mutex;  // guards the course
};

}  // namespace longplay
