// The declaration of a vocabulary: what the tokens of a model mean (docs/vocabularies.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/pieces_config.hpp"

namespace longplay {

// What an operation of a type does.
enum class Operation : std::uint8_t {
  advance,       // time passes
  bar,           // time moves to the beginning of the next bar
  seek,          // time moves to a position in the bar
  rest,          // time moves to so long after the latest end of a note
  meter,         // sets the length of a bar, and of a beat
  tempo,         // sets the length of a quarter note
  pitch,         // sets the pitches of the notes that follow
  velocity,      // sets their velocity
  duration,      // sets their duration
  program,       // sets their instrument
  emit,          // strikes the pitches, for the duration
  press,         // strikes the pitches, until their release
  release,       // releases the pitches
  release_last,  // releases all keys that are pressed
  end,           // ends the piece
};
inline constexpr std::array<const char*, 15> kOperationNames{
    "advance",  "bar",     "seek", "rest",  "meter",   "tempo",        "pitch", "velocity",
    "duration", "program", "emit", "press", "release", "release_last", "end"};

// What must be true of a token before it may be drawn.
enum class Condition : std::uint8_t {
  later,     // it moves the time on; a position in the bar is behind the one before it
  fresh,     // "new": none of its pitches was struck at this time
  sounding,  // its pitches are pressed
  silent,    // none of its pitches is pressed
};
inline constexpr std::array<const char*, 4> kConditionNames{"later", "new", "sounding", "silent"};

struct VocabularyOperation {
  Operation kind;
  std::optional<std::int32_t> constant;  // instead of the token's value
};

struct VocabularyType {
  std::string name;
  std::vector<VocabularyOperation> operations;  // in order
  std::vector<std::string> then;                // names of the types that may follow
  std::vector<Condition> only;
};

struct VocabularyToken {
  std::string type;
  std::vector<std::int32_t> values;  // none, one, or those of a chord or a meter
};

struct VocabularyConfig {
  static constexpr std::size_t kMaxTypes = 256;
  static constexpr std::size_t kMaxOperations = 8;  // of a type
  static constexpr std::size_t kMaxPitches = 16;    // of a token
  static constexpr std::int32_t kMaxTicks = 1 << 20;

  std::int32_t tick_ms = 0;                 // of a tick, or 0 if ticks are parts of a beat
  std::int32_t ticks_per_beat = 0;          // of a quarter note
  std::int32_t beats_per_minute = 0;        // quarter notes
  std::array<std::int32_t, 2> meter{4, 4};  // until a token sets another one
  bool scaled = false;                      // ticks count parts of the meter's beat, not of a quarter note
  std::int32_t velocity = 0, duration = 0, program = 0;  // until a token sets others
  std::int32_t tempo = 0;  // likewise, in microseconds of a quarter note; or 0 for beats_per_minute
  std::vector<VocabularyType> types;
  std::vector<std::string> first;  // names of the types that may begin
  std::vector<VocabularyToken> tokens;
  std::optional<PiecesConfig> pieces = {};  // the ids of the model, if they stand for several tokens

  bool uses(Operation kind) const;
  // Whether notes may have another program than that of a piano.
  bool has_programs() const { return program != 0 || uses(Operation::program); }

  // Ticks of a bar, or 0 if the meter does not fit whole ticks.
  std::int32_t bar_ticks(std::int32_t beats, std::int32_t unit) const;

  // Throws std::invalid_argument naming the first entry that breaks the contract, for a field of `size` ids.
  void validate(std::int32_t size) const;
};

}  // namespace longplay
