// What is heard of an event.
#pragma once

#include <cstdint>

#include "events/tokenizer.hpp"

namespace longplay {

struct Sound {
  enum class Kind : std::uint8_t {
    note,
    release,  // of the key of `note.pitch`, at `note.onset_ms`
    pause,    // the piece is over, and the next one begins at `note.onset_ms`
  };
  Kind kind = Kind::note;
  Note note;
};

}  // namespace longplay
