// Converts notes to note events and back, with the fields and tables of a model (docs/tokenizer.md).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "events/note_event.hpp"
#include "model/model_config.hpp"
#include "score/score.hpp"

namespace longplay {

class Tokenizer {
 public:
  // Throws ModelError unless the fields are those of a note model. The config has been validated.
  explicit Tokenizer(const std::vector<FieldConfig>& fields);

  // Whether the fields are time_shift, pitch, velocity, duration.
  static bool is_note_model(const std::vector<FieldConfig>& fields);

  // Encodes notes that are in order and do not overlap (see resolve_overlaps). Rounds each value to
  // the nearest one in its table. A time shift counts from the onset as it was encoded, so
  // errors do not add up. A rest longer than the longest shift becomes that shift. Notes outside
  // the pitch table are left out. Throws std::invalid_argument naming a note that is out of order.
  std::vector<NoteEvent> encode(std::span<const Note> notes) const;

  // Decodes any sequence of events with ids in range, and skips every END. The result obeys
  // resolve_overlaps. Throws std::invalid_argument naming an id out of range.
  std::vector<Note> decode(std::span<const NoteEvent> events) const;

  // Decodes one event at `onset_ms`, without its time shift. The ids must be in range, and the event not an
  // END.
  Note note(const NoteEvent& event, std::int64_t onset_ms) const;

  std::int64_t time_shift_ms(std::int32_t id) const { return time_shift_[static_cast<std::size_t>(id)]; }
  std::uint8_t pitch(std::int32_t id) const {
    return static_cast<std::uint8_t>(pitch_[static_cast<std::size_t>(id)]);
  }
  std::span<const std::int32_t> pitches() const { return pitch_; }
  std::int32_t end_id() const { return static_cast<std::int32_t>(time_shift_.size()); }

 private:
  std::vector<std::int32_t> time_shift_, pitch_, velocity_, duration_;
};

}  // namespace longplay
