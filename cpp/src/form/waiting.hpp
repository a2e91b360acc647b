// Holds the number of notes that are added to a sketch near its aim.
#pragma once

#include <cstdint>

namespace longplay {

// Counts the notes that were added in the last few seconds of the open stretches. A given note interrupts
// the model, which would add its own number of notes as if nothing were given. Takes constant time and
// memory, and stores only integers.
class Waiting {
 public:
  Waiting() = default;
  // Begins as if the aim had been kept. 0 is no aim.
  explicit Waiting(double per_second);

  // Takes a note `passed_ms` of open time after the one before it, added or given.
  void push(std::int64_t passed_ms, bool is_added);

  // How many nats likelier to make it that no note is added before the next given one.
  float nats() const;

 private:
  std::int64_t expected_ = 0;  // number of notes in the window, as a multiple of a small unit
  std::int64_t added_ = 0;     // what was counted earlier decays
};

}  // namespace longplay
