#include "model/model_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <stdexcept>

#include "base/day.hpp"
#include "base/require.hpp"

namespace longplay {
namespace {

// Strictly ascending, each in [low, high].
void require_ascending(const std::string& entry, std::span<const std::int32_t> values, std::int32_t low,
                       std::int32_t high) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    require_range(indexed(entry, i), values[i], low, high);
    if (i > 0 && values[i] <= values[i - 1]) {
      refuse(indexed(entry, i) + " must be more than the " + std::to_string(values[i - 1]) +
             " before it, not " + std::to_string(values[i]));
    }
  }
}

struct NoteField {
  const char* name;
  std::int32_t low, high;  // range of its values
  std::int32_t extra_ids;  // ids that have no value
};

constexpr std::int32_t kLongestFirstShiftMs = 250;  // so that a full chord can end in time, see Timeline
constexpr auto kNoteFieldRules = std::to_array<NoteField>({
    {"time_shift", 0, kDayMs, 1},
    {"pitch", 0, 127, 0},
    {"velocity", 1, 127, 0},
    {"duration", 1, kDayMs, 0},
});

void validate_field(const std::string& entry, const FieldConfig& field) {
  require_range(entry + ".size", field.size, 1, ModelLimits::kMaxSize);
  const auto note = std::ranges::find(kNoteFieldRules, field.name, &NoteField::name);
  if (note == kNoteFieldRules.end()) {
    if (!field.values.empty())
      refuse(entry + ".values must be absent: '" + field.name + "' is a field of plain tokens");
    return;
  }
  const std::int32_t expected = field.size - note->extra_ids;
  if (std::ssize(field.values) != expected) {
    refuse(entry + ".values must have " + std::to_string(expected) + " entries for '" + field.name +
           "' of size " + std::to_string(field.size) + ", not " + std::to_string(field.values.size()));
  }
  require_ascending(entry + ".values", field.values, note->low, note->high);
  if (note->extra_ids == 1 && (field.values.empty() || field.values[0] != 0)) {
    refuse(indexed(entry + ".values", 0) + " must be 0: notes can start together");
  }
  if (note->extra_ids == 1) {
    if (field.values.size() < 2) refuse(entry + ".values must have at least 2 entries, not 1");
    require_range(indexed(entry + ".values", 1), field.values[1], 1, kLongestFirstShiftMs);
  }
}

void validate_control(const std::string& entry, const ControlConfig& control) {
  require_range(entry + ".size", control.size, 1, ModelLimits::kMaxSize);
  require_range(entry + ".unknown", control.unknown, 0, control.size - 1);
  if (control.name == "remaining") {
    const auto bounds = static_cast<std::int32_t>(control.bounds.size());
    if (bounds == 0) refuse(entry + ".bounds must have an entry");
    require_ascending(entry + ".bounds", control.bounds, 1, kDayMs);
    require_range(entry + ".size", control.size, bounds + 2, bounds + 2);
    require_range(entry + ".unknown", control.unknown, bounds + 1, bounds + 1);
  } else if (!control.bounds.empty()) {
    refuse(entry + ".bounds must be absent: only 'remaining' has them, not '" + control.name + "'");
  }
  if (control.name == "style") {
    if (std::ssize(control.names) != control.size) {
      refuse(entry + ".names must have " + std::to_string(control.size) + " entries, one for each id, not " +
             std::to_string(control.names.size()));
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < control.names.size(); ++i) {
      if (control.names[i].empty()) refuse(indexed(entry + ".names", i) + " must not be empty");
      if (!seen.insert(control.names[i]).second) {
        refuse(indexed(entry + ".names", i) + " must differ from the others, not be '" + control.names[i] +
               "' again");
      }
    }
  } else if (!control.names.empty()) {
    refuse(entry + ".names must be absent: only 'style' has them, not '" + control.name + "'");
  }
}

void require_name(std::set<std::string>& taken, const std::string& entry, const std::string& name) {
  if (name.empty()) refuse(entry + " must not be empty");
  if (!taken.insert(name).second)
    refuse(entry + " must differ from the other names, not be '" + name + "' again");
}

void validate_states(const std::vector<StateConfig>& states) {
  std::set<std::string> inputs{"event", "control", "seed"};
  std::set<std::string> outputs{"logits", "context"};
  const std::string too_large =
      " makes the state of a row larger than " + std::to_string(ModelLimits::kMaxStateBytes) + " bytes";
  std::size_t total = 0;
  for (std::size_t s = 0; s < states.size(); ++s) {
    const std::string entry = indexed("states", s);
    require_name(inputs, entry + ".input", states[s].input);
    require_name(outputs, entry + ".output", states[s].output);
    if (states[s].shape.size() > 8) refuse(entry + ".shape must have at most 8 axes");
    auto bytes = byte_size(states[s].type);
    for (std::size_t axis = 0; axis < states[s].shape.size(); ++axis) {
      const std::int64_t extent = states[s].shape[axis];
      require_at_least(indexed(entry + ".shape", axis), extent, 1);
      if (static_cast<std::uint64_t>(extent) > ModelLimits::kMaxStateBytes / bytes) {
        refuse(indexed(entry + ".shape", axis) + too_large);
      }
      bytes *= static_cast<std::size_t>(extent);
    }
    total += bytes;
    if (total > ModelLimits::kMaxStateBytes) refuse(entry + too_large);
  }
}

// Throws std::invalid_argument for the first entry that breaks the contract.
void validate_entries(const ModelConfig& config) {
  const auto& [name, fields, start_event, context_width, controls, states, states_in_place, seed_events,
               notes_per_second, critic, vocabulary] = config;
  if (name.empty()) refuse("name must not be empty");
  require_entries("fields", fields.size(), 1, ModelLimits::kMaxFields);
  require_entries("controls", controls.size(), 0, ModelLimits::kMaxControls);
  require_entries("states", states.size(), 0, ModelLimits::kMaxStates);

  std::set<std::string> names;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const std::string entry = indexed("fields", f);
    require_name(names, entry + ".name", fields[f].name);
    validate_field(entry, fields[f]);
  }
  require_entries("start_event", start_event.size(), fields.size());
  for (std::size_t f = 0; f < fields.size(); ++f) {
    require_range(indexed("start_event", f), start_event[f], 0, fields[f].size);
  }
  require_range("seed_events", seed_events, 0, ModelLimits::kMaxSize);
  if (fields.size() > 1) {
    require_range("context_width", context_width, 1, ModelLimits::kMaxSize);
  } else if (context_width != 0) {
    refuse("context_width must be absent from a model of one field");
  }

  names.clear();
  for (std::size_t c = 0; c < controls.size(); ++c) {
    const std::string entry = indexed("controls", c);
    require_name(names, entry + ".name", controls[c].name);
    validate_control(entry, controls[c]);
  }
  validate_states(states);
  if (notes_per_second && !(notes_per_second->low > 0 && notes_per_second->high > notes_per_second->low &&
                            std::isfinite(notes_per_second->high))) {
    refuse("bands.notes_per_second must be two ascending numbers above 0");
  }
  if (critic) {
    require_range("critic.events", critic->events, 1, ModelLimits::kMaxCriticEvents);
    require_range("critic.phrase_ms", critic->phrase_ms, 1'000, kDayMs);
  }
  if (vocabulary) {
    if (fields.size() != 1 || !fields[0].values.empty())
      refuse("vocabulary must be absent: the model has other fields than one of tokens");
    vocabulary->validate(fields[0].size);
  }
}

}  // namespace

std::size_t StateConfig::row_bytes() const {
  std::size_t bytes = byte_size(type);
  for (const std::int64_t extent : shape) bytes *= static_cast<std::size_t>(extent);
  return bytes;
}

void ModelConfig::validate() const {
  try {
    validate_entries(*this);
  } catch (const std::invalid_argument& problem) {
    throw ModelError(std::string("config.json: ") + problem.what());
  }
}

}  // namespace longplay
