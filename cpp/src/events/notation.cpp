#include "events/notation.hpp"

#include "events/token_writer.hpp"

namespace longplay {
namespace {

std::variant<Tokenizer, Vocabulary> notation_of(const ModelConfig& config) {
  if (config.vocabulary) return Vocabulary(*config.vocabulary);
  return Tokenizer(config.fields);
}

}  // namespace

Notation::Notation(const ModelConfig& config) : notation_(notation_of(config)) {
  if (config.vocabulary && config.vocabulary->pieces)
    pieces_.emplace(*config.vocabulary->pieces, *vocabulary());
}

std::span<const std::int32_t> Notation::pitches() const {
  return tokenizer() ? tokenizer()->pitches() : std::span(vocabulary()->pitches());
}

std::vector<std::int32_t> Notation::encode(std::span<const Note> notes) const {
  if (vocabulary()) {
    std::vector<std::int32_t> tokens = write_tokens(*vocabulary(), notes);
    return pieces_ ? pieces_->write(*vocabulary(), tokens) : tokens;
  }
  std::vector<std::int32_t> ids;
  ids.reserve(kNoteFields * notes.size());
  for (const NoteEvent& event : tokenizer()->encode(notes)) ids.insert(ids.end(), event.begin(), event.end());
  return ids;
}

std::vector<Note> Notation::decode(std::span<const std::int32_t> ids) const {
  if (pieces_) return vocabulary()->decode(pieces_->expand(ids));
  if (vocabulary()) return vocabulary()->decode(ids);
  std::vector<NoteEvent> events;
  events.reserve(ids.size() / kNoteFields);
  for (std::size_t i = 0; i + kNoteFields <= ids.size(); i += kNoteFields)
    events.push_back(note_event(ids.subspan(i)));
  return tokenizer()->decode(events);
}

}  // namespace longplay
