// A vocabulary, compiled: turns tokens into notes, and says which tokens may follow (docs/vocabularies.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/note.hpp"
#include "model/vocabulary_config.hpp"

namespace longplay {

// The registers of time. Times are in ticks from the beginning of a piece.
struct Clock {
  static constexpr std::int64_t kMaxTicks = std::int64_t{1} << 37;

  std::int32_t bar_length = 0;  // or 0 for no bars
  std::int32_t beat = 4;        // of the meter: a quarter note is 4, an eighth 8
  bool in_bar = false;          // a bar has begun
  std::int64_t time = 0;
  std::int64_t bar_start = 0;
  std::int64_t seek_from = 0;    // the earliest time of a position that is `later`
  std::int64_t latest_end = 0;   // of the notes whose duration is known
  std::int64_t tick_length = 0;  // in parts of a ms, of which the vocabulary says how many there are
  std::int64_t tempo_from = 0;   // where ticks of this length began
  std::int64_t tempo_parts = 0;  // in parts: this time

  bool operator==(const Clock&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(bar_length, beat, in_bar, time, bar_start, seek_from, latest_end, tick_length, tempo_from,
            tempo_parts);
  }
};

// All that the meaning of the next token depends on.
struct Registers : Clock {
  std::int32_t type = -1;   // of the last token, or -1 before the first
  std::int32_t pitch = -1;  // token that names the pitches, or -1
  std::int32_t velocity = 0;
  std::int32_t duration = 0;
  std::int32_t voice = 0;             // index of the program
  std::int64_t last_strike = -1;      // time of the last note, or -1
  std::vector<std::uint64_t> struck;  // two for each voice: a bit for each pitch struck at that time
  std::vector<std::uint8_t> pressed;  // by voice and pitch: presses without a release, at most 255

  // The index in `pressed` of a pitch of the voice.
  std::size_t key(std::size_t of) const { return static_cast<std::size_t>(voice) * 128 + of; }
  bool is_struck(std::size_t key) const { return (struck[key / 64] >> (key % 64) & 1) != 0; }
  void strike(std::size_t key);

  bool operator==(const Registers&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    Clock::archive(archive);
    archive(type, pitch, velocity, duration, voice, last_strike, struck, pressed);
  }
};

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
  const std::vector<std::size_t>& next_types(const Registers& at) const {
    return at.type < 0 ? first_ : types_[static_cast<std::size_t>(at.type)].then;
  }

  Registers begin() const { return begin_; }
  // Whether the members, read from an archive, are possible.
  bool is_valid(const Registers& at) const;

  // The programs of the notes, by voice.
  const std::vector<std::uint8_t>& programs() const { return programs_; }
  std::uint8_t program(const Registers& at) const { return programs_[static_cast<std::size_t>(at.voice)]; }
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

  // Sets the bias of each token that must not follow to kForbidden.
  void constrain(const Registers& at, std::span<float> bias) const;
  // The time after a token that moves it.
  std::int64_t time_after(const Clock& at, std::int32_t id) const;

  // Takes a token. Calls `strike(pitch, duration)` for each note, with a duration of 0 if the note lasts
  // until its release, and `release(pitch)`; both at the time and for the program of `at`.
  template <typename Strike, typename Release>
  void take(Registers& at, std::int32_t id, const Strike& strike, const Release& release) const {
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
          if (at.pressed[at.key(pitch)] == 0) continue;
          at.pressed[at.key(pitch)] = 0;
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
  void set(Registers& at, const VocabularyOperation& operation, std::int32_t id) const;
  void move(Clock& at, Operation kind, std::int64_t value) const;
  void set_tempo(Clock& at, std::int64_t tick_length) const;
  std::int64_t value_of(const VocabularyOperation& operation, std::int32_t id) const;
  bool is_valid(const Clock& at) const;
  bool is_later(const Registers& at, std::int32_t id) const;
  bool admits(const Registers& at, std::int32_t id, Condition condition) const;
  static void hit(Registers& at, std::size_t pitch, bool holds);
  static bool lift(Registers& at, std::size_t pitch);

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
