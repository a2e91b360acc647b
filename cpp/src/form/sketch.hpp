// A sketch: music of which a part is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "events/tokenizer.hpp"

namespace longplay {

// A given note. A field without a value is free: the model draws it.
struct SketchNote {
  std::int64_t onset_ms = 0;
  std::int64_t slack_ms = 0;  // how far the onset may move; 0 keeps it
  std::optional<std::int64_t> duration_ms = {};
  std::optional<std::uint8_t> pitch = {};
  std::optional<std::uint8_t> velocity = {};

  // Whether nothing is free.
  bool is_fixed() const { return slack_ms == 0 && duration_ms && pitch && velocity; }
  // Returns the note with its given fields, and the fields of `drawn` otherwise.
  Note with(Note drawn) const;
};

// A span of time, its end excluded, in which the model may add notes.
struct OpenStretch {
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
};

struct Sketch {
  std::vector<SketchNote> notes;  // by onset
  std::vector<OpenStretch> open;  // in order, apart from one another
  std::int64_t length_ms;
  double added_per_second;  // how many notes to add in the open stretches; 0 leaves it to the model

  // Throws std::invalid_argument naming the first note or stretch that is out of order or range, that
  // sounds too long, or whose pitch the model does not have.
  void validate(const Tokenizer& tokenizer) const;

  bool is_open(std::int64_t at_ms) const;
  // Returns the first time in [from_ms, before_ms) at which notes may be added.
  std::optional<std::int64_t> next_open(std::int64_t from_ms, std::int64_t before_ms) const;
  // The end of the last open stretch; 0 if there is none.
  std::int64_t open_until_ms() const { return open.empty() ? 0 : open.back().end_ms; }

  // The number of notes at the beginning that leave nothing to decide.
  std::size_t fixed_head() const;
  // The index from which the notes leave nothing to decide.
  std::size_t fixed_tail() const;
};

// The notes `first` .. `last` - 1 of a sketch; if there are none, the open stretch after its last note.
struct SketchSpan {
  const Sketch* sketch = nullptr;
  std::size_t first = 0;
  std::size_t last = 0;
};

}  // namespace longplay
