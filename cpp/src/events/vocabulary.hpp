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

// All that the meaning of the next token depends on. Times are in ticks from the beginning of a piece.
struct Registers {
  static constexpr std::int64_t kMaxTicks = std::int64_t{1} << 44;

  std::int32_t type = -1;   // of the last token, or -1 before the first
  std::int32_t pitch = -1;  // token that names the pitches, or -1
  std::int32_t velocity = 0;
  std::int32_t duration = 0;
  std::int32_t bar_length = 0;  // or 0 for no bars
  bool in_bar = false;          // a bar has begun
  std::int64_t time = 0;
  std::int64_t bar_start = 0;
  std::int64_t latest_end = 0;              // of the notes whose duration is known
  std::int64_t last_strike = -1;            // time of the last note, or -1
  std::array<std::uint64_t, 2> struck{};    // a bit for each pitch struck at that time
  std::array<std::uint8_t, 128> pressed{};  // by pitch: presses without a release, at most 255

  bool is_struck(std::size_t key) const { return (struck[key / 64] >> (key % 64) & 1) != 0; }
  void strike(std::size_t key);

  bool operator==(const Registers&) const = default;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(type, pitch, velocity, duration, bar_length, in_bar, time, bar_start, latest_end, last_strike,
            struck, pressed);
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
    int to_progress = 0;  // fewest tokens from here to one that strikes or moves, itself excluded
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

  // Time in ms, rounded.
  std::int64_t ms(std::int64_t ticks) const { return (ticks * per_tick_ + ticks_ / 2) / ticks_; }
  // The nearest time in ticks.
  std::int64_t ticks(std::int64_t ms) const { return (ms * ticks_ + per_tick_ / 2) / per_tick_; }

  // Sets the bias of each token that must not follow to kForbidden.
  void constrain(const Registers& at, std::span<float> bias) const;
  // The time after a token that moves it.
  std::int64_t time_after(const Registers& at, std::int32_t id) const;

  // Takes a token. Calls `strike(pitch, duration)` for each note, with a duration of 0 if the note lasts
  // until its release, and `release(pitch)`; both at the time of `at`.
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
        for (std::size_t pitch = 0; pitch < at.pressed.size(); ++pitch) {
          if (at.pressed[pitch] == 0) continue;
          at.pressed[pitch] = 0;
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
  void link(const VocabularyConfig& config);
  void set(Registers& at, const VocabularyOperation& operation, std::int32_t id) const;
  bool admits(const Registers& at, std::int32_t id, Condition condition) const;
  static void hit(Registers& at, std::size_t pitch, bool holds);
  static bool lift(Registers& at, std::size_t pitch);

  std::int64_t per_tick_ = 1, ticks_ = 1;  // a tick takes per_tick_ / ticks_ ms
  std::int64_t ticks_per_beat_ = 0;
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
