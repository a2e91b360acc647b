#include "generator/decode_state.hpp"

#include <stdexcept>
#include <string>

#include "generator/archive.hpp"

namespace longplay {
namespace {

template <typename Archive>
void archive_state(Archive& archive, DecodeState& state) {
  archive(state.events_drawn, state.event, state.state, state.prompt_event, state.prompt_state);
  state.form.archive(archive);
}

void check_ids(const std::vector<std::int32_t>& event, const ModelConfig& config) {
  bool fits = event.size() == config.fields.size();
  for (std::size_t f = 0; fits && f < event.size(); ++f)
    fits = event[f] >= 0 && event[f] <= config.fields[f].size;
  if (!fits) throw SnapshotError("the snapshot's last event is not an event of the model");
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

std::vector<std::byte> pack(DecodeState state) {
  ArchiveWriter writer;
  archive_state(writer, state);
  return writer.take();
}

DecodeState unpack(std::span<const std::byte> bytes, const ModelConfig& config, const Form& form) {
  DecodeState state;
  ArchiveReader reader(bytes);
  archive_state(reader, state);
  if (reader.left() > 0) throw SnapshotError("the snapshot's decode state has bytes left over");
  check_ids(state.event, config);
  check_state(state.state, config);
  if (form.recital && state.events_drawn > 0) {
    check_ids(state.prompt_event, config);
    check_state(state.prompt_state, config);
  }
  if (!state.form.loop_guard.is_valid(config.fields[kPitch].size))
    throw SnapshotError("the snapshot's pitches are not pitches of the model");
  if (!state.form.steering.is_valid(state.form.timeline.onset))
    throw SnapshotError("the snapshot's counts of notes are out of range");
  if (!state.form.quote_guard.is_valid()) throw SnapshotError("the snapshot's last notes are out of range");
  try {
    Timeline(Tokenizer(config.fields), form, 0, 0, state.form.timeline);
  } catch (const std::invalid_argument& problem) {
    throw SnapshotError(std::string("the snapshot's form state is invalid: ") + problem.what());
  }
  return state;
}

}  // namespace longplay
