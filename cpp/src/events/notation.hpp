// The notation of a model: how its events stand for notes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "events/pieces.hpp"
#include "events/tokenizer.hpp"
#include "events/vocabulary.hpp"
#include "model/model_config.hpp"

namespace longplay {

// Four fields for each note (docs/tokenizer.md), or the tokens of a vocabulary (docs/vocabularies.md).
class Notation {
 public:
  // Throws ModelError for a model without a notation. The config has been validated.
  explicit Notation(const ModelConfig& config);

  static bool exists(const ModelConfig& config) {
    return config.vocabulary || Tokenizer::is_note_model(config.fields);
  }

  // One of both is nullptr.
  const Tokenizer* tokenizer() const { return std::get_if<Tokenizer>(&notation_); }
  const Vocabulary* vocabulary() const { return std::get_if<Vocabulary>(&notation_); }
  // The ids of the model, or nullptr if each is a token of the vocabulary.
  const Pieces* pieces() const { return pieces_ ? &*pieces_ : nullptr; }

  // The pitches that the model plays, ascending.
  std::span<const std::int32_t> pitches() const;

  // Converts notes to ids, one event after another. Throws as Tokenizer::encode.
  std::vector<std::int32_t> encode(std::span<const Note> notes) const;
  // Converts the ids of whole events to notes. Throws as Tokenizer::decode.
  std::vector<Note> decode(std::span<const std::int32_t> ids) const;

 private:
  std::variant<Tokenizer, Vocabulary> notation_;
  std::optional<Pieces> pieces_;
};

}  // namespace longplay
