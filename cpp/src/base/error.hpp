// The errors that the core throws on purpose.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace longplay {

// Root of every error the core throws on purpose. A bad argument is std::invalid_argument instead:
// the caller could have known better. Anything else that escapes is a bug.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The bytes are not a MIDI file we can read. `offset` counts bytes from the start of the file, to
// find in a hex editor where reading stopped.
class MidiError : public Error {
 public:
  MidiError(const std::string& problem, std::size_t offset)
      : Error(problem + " at byte " + std::to_string(offset)), offset_(offset) {}
  std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

// A model folder breaks the contract (docs/model-contract.md); the message names the entry.
class ModelError : public Error {
 public:
  using Error::Error;
};

// A device or the runtime that drives it cannot be used; the message says how to fix it.
class DeviceError : public Error {
 public:
  using Error::Error;
};

// The caller has cancelled the work.
class Cancelled : public Error {
 public:
  Cancelled() : Error("the work was cancelled") {}
};

// The bytes are not a valid snapshot; the message gives the reason.
class SnapshotError : public Error {
 public:
  using Error::Error;
};

}  // namespace longplay
