// A vocabulary, compiled: turns tokens into notes, and says which tokens may follow (docs/vocabularies.md).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/note.hpp"
#include "events/registers.hpp"
#include "model/vocabulary_config.hpp"

namespace longplay {

class Vocabulary {
 public:
  // The config has been validated.
  explicit Vocabulary(const VocabularyConfig& config);

  // The types of tokens, with what the form needs to know of them.
  struct Type {
    std::vector<VocabularyOperation> operations;
    std::vector<std::int32_t> ids;  // of its tokens
    std::vector<std::size_t> then;  // types that may follow and have tokens
    std::vector<Condition> only;
    bool moves = false;    // has an operation that moves the time
    bool seeks = false;    // moves it to a bar or a position in it
    bool names = false;    // names pitches
    bool chooses = false;  // names pitches to strike them
    bool strikes = false;  // strikes a note
    bool releases = false;
    bool lengthens = false;  // sets the duration
    bool ends = false;
    bool commits = false;  // a note must follow before time can pass
    int to_progress = 0;   // fewest tokens from here to one that strikes or moves, itself excluded
  };

  std::size_t size() const { return tokens_.size(); }
  const std::vector<Type>& types() const { return types_; }
  std::size_t type_of(std::int32_t id) const { return tokens_[static_cast<std::size_t>(id)].type; }
  std::span<const std::int32_t> values(std::int32_t id) const {
    const Token& token = tokens_[static_cast<std::size_t>(id)];
    return std::span(values_).subspan(token.first, token.count);
  }
  // Indices in `pitches()` of the pitches that a token names.
  std::span<const std::int32_t> pitch_indices(std::int32_t id) const {
    const Token& token = tokens_[static_cast<std::size_t>(id)];
    return types_[token.type].names ? std::span(indices_).subspan(token.first, token.count)
                                    : std::span<const std::int32_t>();
  }
  // All pitches of the vocabulary, ascending.
  const std::vector<std::int32_t>& pitches() const { return pitches_; }
  // The types that may follow.
  const std::vector<std::size_t>& next_types(const Reading& at) const {
    return at.type < 0 ? first_ : types_[static_cast<std::size_t>(at.type)].then;
  }

  Registers begin() const { return begin_; }
  // Whether the members, read from an archive, are possible.
  bool is_valid(const Registers& at) const;

  // The programs of the notes, by voice.
  const std::vector<std::uint8_t>& programs() const { return programs_; }
  std::uint8_t program(const Reading& at) const { return programs_[static_cast<std::size_t>(at.voice)]; }
  bool is_pressed(const Registers& at, std::uint8_t program, std::int32_t pitch) const {
    return at.pressed[std::size_t{voices_[program]} * 128 + static_cast<std::size_t>(pitch)] > 0;
  }

  // A time in ms, rounded, if the tempo stays what it is.
  std::int64_t ms(const Clock& at, std::int64_t ticks) const {
    return (at.tempo_parts + (ticks - at.tempo_from) * at.tick_length + parts_ / 2) / parts_;
  }
  // The nearest time in ticks, at the tempo of the beginning.
  std::int64_t ticks(std::int64_t ms) const {
    return (ms * parts_ + begin_.tick_length / 2) / begin_.tick_length;
  }

  // The ticks that a value stands for in the meter.
  std::int64_t scaled(const Clock& at, std::int64_t ticks) const {
    return scaled_ ? 4 * ticks / at.beat : ticks;
  }

  // The ticks of a beat of the meter; for ticks that are parts of a beat.
  std::int64_t beat_ticks(const Clock& at) const {
    return std::max<std::int64_t>(4 * ticks_per_beat_ / at.beat, 1);
  }

  // Sets the bias of each token that must not follow to kForbidden.
  void constrain(const Registers& at, std::span<float> bias) const;
  // Whether a token may follow. `At` is Registers or an Attempt.
  template <typename At>
  bool may_follow(const At& at, std::int32_t id) const {
    const std::vector<Condition>& only = types_[type_of(id)].only;
    return rows_[static_cast<std::size_t>(at.type + 1)][static_cast<std::size_t>(id)] == 0 &&
           std::ranges::all_of(only, [&](Condition condition) { return admits(at, id, condition); });
  }
  // The time after a token that moves it.
  std::int64_t time_after(const Clock& at, std::int32_t id) const;

  // Takes a token. Calls `strike(pitch, duration)` for each note, with a duration of 0 if the note lasts
  // until its release, and `release(pitch)`; both at the time and for the program of `at`, which is Registers
  // or an Attempt.
  template <typename At, typename Strike, typename Release>
  void take(At& at, std::int32_t id, const Strike& strike, const Release& release) const {
    const Type& type = types_[type_of(id)];
    at.type = static_cast<std::int32_t>(type_of(id));
    for (const VocabularyOperation& operation : type.operations) {
      if (operation.kind == Operation::emit || operation.kind == Operation::press) {
        if (at.pitch < 0) continue;
        for (const std::int32_t pitch : values(at.pitch)) {
          const bool holds = operation.kind == Operation::press;
          hit(at, static_cast<std::size_t>(pitch), holds);
          strike(static_cast<std::uint8_t>(pitch), holds ? 0 : at.duration);
        }
      } else if (operation.kind == Operation::release) {
        if (at.pitch < 0) continue;
        for (const std::int32_t pitch : values(at.pitch))
          if (lift(at, static_cast<std::size_t>(pitch))) release(static_cast<std::uint8_t>(pitch));
      } else if (operation.kind == Operation::release_last) {
        for (std::size_t pitch = 0; pitch < 128; ++pitch) {
          if (at.presses(at.key(pitch)) == 0) continue;
          at.press(at.key(pitch), 0);
          release(static_cast<std::uint8_t>(pitch));
        }
      } else {
        set(at, operation, id);
      }
    }
  }

  // Decodes any tokens, whether or not they may follow each other. The result obeys resolve_overlaps. Throws
  // std::invalid_argument naming an id out of range.
  std::vector<Note> decode(std::span<const std::int32_t> ids) const;

 private:
  struct Token {
    std::size_t type = 0;
    std::size_t first = 0;  // of its values
    std::size_t count = 0;
  };

  void add_types(const VocabularyConfig& config);
  void add_tokens(const VocabularyConfig& config);
  void add_programs(const VocabularyConfig& config);
  void link(const VocabularyConfig& config);
  void set(Reading& at, const VocabularyOperation& operation, std::int32_t id) const;
  void move(Clock& at, Operation kind, std::int64_t value) const;
  void set_tempo(Clock& at, std::int64_t tick_length) const;
  std::int64_t value_of(const VocabularyOperation& operation, std::int32_t id) const;
  bool is_valid(const Clock& at) const;
  bool is_later(const Clock& at, std::int32_t id) const;

  template <typename At>
  bool admits(const At& at, std::int32_t id, Condition condition) const {
    if (condition == Condition::later) return is_later(at, id);
    return std::ranges::all_of(values(id), [&](std::int32_t pitch) {
      const std::size_t key = at.key(static_cast<std::size_t>(pitch));
      if (condition == Condition::fresh) return !at.is_struck(key);
      return (at.presses(key) > 0) == (condition == Condition::sounding);
    });
  }

  template <typename At>
  static void hit(At& at, std::size_t pitch, bool holds) {
    const std::size_t key = at.key(pitch);
    at.strike(key);
    if (!holds) {
      at.latest_end = std::max(at.latest_end, at.time + at.duration);
    } else if (at.presses(key) < kMostPresses) {
      at.press(key, at.presses(key) + 1);
    }
  }

  // Whether the key comes up: of several presses, the first release ends the first.
  template <typename At>
  static bool lift(At& at, std::size_t pitch) {
    const std::size_t key = at.key(pitch);
    const int presses = at.presses(key);
    if (presses == 0) return false;
    at.latest_end = std::max(at.latest_end, at.time);
    at.press(key, presses - 1);
    return presses == 1;
  }

  std::int64_t parts_ = 1;  // of a ms
  std::int64_t ticks_per_beat_ = 0;
  bool scaled_ = false;
  std::vector<std::uint8_t> programs_;
  std::array<std::uint8_t, Note::kPrograms> voices_{};  // by program: its index in `programs_`
  std::vector<Type> types_;
  std::vector<std::size_t> first_;
  std::vector<Token> tokens_;
  std::vector<std::int32_t> values_;   // of all tokens
  std::vector<std::int32_t> indices_;  // of these in `pitches_`, where they are pitches
  std::vector<std::int32_t> pitches_;
  std::vector<std::vector<float>> rows_;  // by type + 1: the bias of each token that must not follow
  Registers begin_;
};

}  // namespace longplay
