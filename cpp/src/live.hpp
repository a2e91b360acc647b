// What is behind a Stream and a Session.
#pragma once

#include <mutex>

#include "assemble.hpp"
#include "course.hpp"
#include "longplay/live.hpp"

namespace longplay {

struct Stream::Impl {
  Impl(Course candidate, const Tokenizer& notes_and_events, std::vector<std::string> remarks)
      : course(std::move(candidate)), tokenizer(notes_and_events), warnings(std::move(remarks)) {}

  Course course;
  Tokenizer tokenizer;
  Assembler assembler{Form::kEndless};
  std::vector<std::string> warnings;
  std::mutex mutex;  // guards the course and the assembler
};

struct Session::Impl {
  Impl(Course candidate, const Tokenizer& notes_and_events, std::vector<std::string> remarks)
      : course(std::move(candidate)), tokenizer(notes_and_events), warnings(std::move(remarks)) {}

  Course course;
  Tokenizer tokenizer;
  std::vector<std::string> warnings;
  std::mutex mutex;  // guards the course
};

}  // namespace longplay
