#include "events/tokenizer.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace longplay {
namespace {

// Index of the value nearest to `target`; of two equally near, the smaller.
std::int32_t nearest(const std::vector<std::int32_t>& values, std::int64_t target) {
  const auto above = std::lower_bound(values.begin(), values.end(), target);
  if (above == values.begin()) return 0;
  if (above == values.end()) return static_cast<std::int32_t>(values.size()) - 1;
  const auto below = above - 1;
  const auto closest = target - *below <= *above - target ? below : above;
  return static_cast<std::int32_t>(closest - values.begin());
}

}  // namespace

Tokenizer::Tokenizer(const std::vector<FieldConfig>& fields) {
  if (!is_note_model(fields)) {
    throw ModelError(
        "config.json: fields must be time_shift, pitch, velocity, duration, unless a vocabulary gives tokens "
        "a "
        "meaning");
  }
  time_shift_ = fields[kTimeShift].values;
  pitch_ = fields[kPitch].values;
  velocity_ = fields[kVelocity].values;
  duration_ = fields[kDuration].values;
}

bool Tokenizer::is_note_model(const std::vector<FieldConfig>& fields) {
  return std::equal(fields.begin(), fields.end(), kNoteFieldNames.begin(), kNoteFieldNames.end(),
                    [](const FieldConfig& field, const char* name) { return field.name == name; });
}

std::vector<NoteEvent> Tokenizer::encode(std::span<const Note> notes) const {
  std::vector<NoteEvent> events;
  events.reserve(notes.size());
  std::int64_t encoded = 0;  // onset of the last event after decoding
  std::int64_t skipped = 0;  // total time cut from rests longer than the longest shift
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Note& note = notes[i];
    if (i > 0 && note.onset_ms < notes[i - 1].onset_ms) {
      refuse("notes[" + std::to_string(i) + "].onset_ms must be at least " +
                 std::to_string(notes[i - 1].onset_ms) + ", as the note before it",
             note.onset_ms);
    }
    const auto pitch = std::lower_bound(pitch_.begin(), pitch_.end(), note.pitch);
    if (pitch == pitch_.end() || *pitch != note.pitch) continue;
    std::int64_t shift = note.onset_ms - skipped - encoded;
    if (shift > time_shift_.back()) {
      skipped += shift - time_shift_.back();
      shift = time_shift_.back();
    }
    const std::int32_t shift_id = nearest(time_shift_, shift);
    encoded += time_shift_[static_cast<std::size_t>(shift_id)];
    events.push_back({shift_id, static_cast<std::int32_t>(pitch - pitch_.begin()),
                      nearest(velocity_, note.velocity), nearest(duration_, note.duration_ms)});
  }
  return events;
}

std::vector<Note> Tokenizer::decode(std::span<const NoteEvent> events) const {
  const std::array<std::size_t, kNoteFields> sizes{time_shift_.size() + 1, pitch_.size(), velocity_.size(),
                                                   duration_.size()};
  std::vector<Note> notes;
  notes.reserve(events.size());
  std::int64_t onset = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (std::size_t f = 0; f < sizes.size(); ++f) {
      if (events[i][f] < 0 || static_cast<std::size_t>(events[i][f]) >= sizes[f]) {
        refuse_range<std::int64_t>(std::string(kNoteFieldNames[f]) + " of event " + std::to_string(i),
                                   events[i][f], 0, static_cast<std::int64_t>(sizes[f]) - 1);
      }
    }
    if (events[i][kTimeShift] == end_id()) continue;
    onset += time_shift_ms(events[i][kTimeShift]);
    notes.push_back(note(events[i], onset));
  }
  resolve_overlaps(notes);
  return notes;
}

Note Tokenizer::note(const NoteEvent& event, std::int64_t onset_ms) const {
  return {.onset_ms = onset_ms,
          .duration_ms = duration_[static_cast<std::size_t>(event[kDuration])],
          .pitch = static_cast<std::uint8_t>(pitch_[static_cast<std::size_t>(event[kPitch])]),
          .velocity = static_cast<std::uint8_t>(velocity_[static_cast<std::size_t>(event[kVelocity])])};
}

}  // namespace longplay
