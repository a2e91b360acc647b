#include "generator/position.hpp"

#include <stdexcept>
#include <string>

#include "base/archive.hpp"

namespace longplay {
namespace {

template <typename Archive>
void archive_position(Archive& archive, Position& position) {
  archive(position.events_drawn, position.event, position.state, position.answer_event,
          position.answer_state);
  position.place.archive(archive);
  position.loop_guard.archive(archive);
  position.steering.archive(archive);
  position.quote_guard.archive(archive);
}

void check_ids(const std::vector<std::int32_t>& event, const ModelConfig& config) {
  bool fits = event.size() == config.fields.size();
  for (std::size_t f = 0; fits && f < event.size(); ++f)
    fits = event[f] >= 0 && event[f] <= config.fields[f].size;
  if (!fits) throw SnapshotError("the snapshot's last event is none of the model's");
}

void check_state(const std::vector<std::byte>& state, const ModelConfig& config) {
  std::size_t bytes = 0;
  for (const StateConfig& one : config.states) bytes += one.row_bytes();
  if (state.size() != bytes && state.size() != 2 * bytes) {  // of one row, or of a guided candidate's two
    throw SnapshotError("the snapshot's state must have " + std::to_string(bytes) +
                        " bytes or twice as many, not " + std::to_string(state.size()));
  }
}

}  // namespace

std::vector<std::byte> pack(Position position) {
  ArchiveWriter writer;
  archive_position(writer, position);
  return writer.take();
}

Position unpack(std::span<const std::byte> bytes, const ModelConfig& config, const Form& form) {
  Position position;
  ArchiveReader reader(bytes);
  archive_position(reader, position);
  if (reader.left() > 0) throw SnapshotError("the snapshot's position has bytes left over");
  check_ids(position.event, config);
  check_state(position.state, config);
  if (form.recital && position.events_drawn > 0) {
    check_ids(position.answer_event, config);
    check_state(position.answer_state, config);
  }
  if (!position.loop_guard.keeps_to(config.fields[1].size)) {
    throw SnapshotError("the snapshot's pitches are none of the model's");
  }
  if (!position.steering.keeps_to(position.place.onset)) {
    throw SnapshotError("the snapshot's counts of notes cannot be");
  }
  if (!position.quote_guard.makes_sense()) throw SnapshotError("the snapshot's last notes cannot be");
  try {
    Timeline(Tokenizer(config.fields), form, 0, 0, position.place);
  } catch (const std::invalid_argument& problem) {
    throw SnapshotError(std::string("the snapshot's place in time cannot be: ") + problem.what());
  }
  return position;
}

}  // namespace longplay
