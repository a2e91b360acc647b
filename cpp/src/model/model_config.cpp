#include "model/model_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

namespace longplay {
namespace {

[[noreturn]] void break_contract(const std::string& entry, const std::string& rule) {
  throw ModelError("config.json: " + entry + " " + rule);
}

std::string range(std::int64_t low, std::int64_t high) {
  if (low == high) return "must be " + std::to_string(low);
  return "must be in [" + std::to_string(low) + ", " + std::to_string(high) + "]";
}

void expect_range(const std::string& entry, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) break_contract(entry, range(low, high) + ", not " + std::to_string(value));
}

std::string indexed(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

// Strictly ascending, each in [low, high].
void expect_ascending(const std::string& entry, std::span<const std::int32_t> values, std::int32_t low,
                      std::int32_t high) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    expect_range(indexed(entry, i), values[i], low, high);
    if (i > 0 && values[i] <= values[i - 1]) {
      break_contract(indexed(entry, i), "must be more than the " + std::to_string(values[i - 1]) +
                                            " before it, not " + std::to_string(values[i]));
    }
  }
}

struct NoteField {
  const char* name;
  std::int32_t low, high;  // range of its values
  std::int32_t extra_ids;  // ids that have no value
};

constexpr std::int32_t kMaxMs = 24 * 3600 * 1000;
constexpr auto kNoteFieldRules = std::to_array<NoteField>({
    {"time_shift", 0, kMaxMs, 1},
    {"pitch", 0, 127, 0},
    {"velocity", 1, 127, 0},
    {"duration", 1, kMaxMs, 0},
});

void validate_field(const std::string& entry, const FieldConfig& field) {
  expect_range(entry + ".size", field.size, 1, ModelLimits::kMaxSize);
  const auto note = std::ranges::find(kNoteFieldRules, field.name, &NoteField::name);
  if (note == kNoteFieldRules.end()) {
    if (!field.values.empty())
      break_contract(entry + ".values", "must be absent: '" + field.name + "' is a field of plain tokens");
    return;
  }
  const std::int32_t expected = field.size - note->extra_ids;
  if (std::ssize(field.values) != expected) {
    break_contract(entry + ".values", "must have " + std::to_string(expected) + " entries for '" +
                                          field.name + "' of size " + std::to_string(field.size) + ", not " +
                                          std::to_string(field.values.size()));
  }
  expect_ascending(entry + ".values", field.values, note->low, note->high);
  if (note->extra_ids == 1 && (field.values.empty() || field.values[0] != 0)) {
    break_contract(indexed(entry + ".values", 0), "must be 0: notes can start together");
  }
}

void validate_control(const std::string& entry, const ControlConfig& control) {
  expect_range(entry + ".size", control.size, 1, ModelLimits::kMaxSize);
  expect_range(entry + ".unknown", control.unknown, 0, control.size - 1);
  if (control.name == "remaining") {
    const auto bounds = static_cast<std::int32_t>(control.bounds.size());
    if (bounds == 0) break_contract(entry + ".bounds", "must have an entry");
    expect_ascending(entry + ".bounds", control.bounds, 1, kMaxMs);
    expect_range(entry + ".size", control.size, bounds + 2, bounds + 2);
    expect_range(entry + ".unknown", control.unknown, bounds + 1, bounds + 1);
  } else if (!control.bounds.empty()) {
    break_contract(entry + ".bounds",
                   "must be absent: only 'remaining' has them, not '" + control.name + "'");
  }
  if (control.name == "style") {
    if (std::ssize(control.names) != control.size) {
      break_contract(entry + ".names", "must have " + std::to_string(control.size) +
                                           " entries, one an id, not " +
                                           std::to_string(control.names.size()));
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < control.names.size(); ++i) {
      if (control.names[i].empty()) break_contract(indexed(entry + ".names", i), "must not be empty");
      if (!seen.insert(control.names[i]).second) {
        break_contract(indexed(entry + ".names", i),
                       "must differ from the others, not be '" + control.names[i] + "' again");
      }
    }
  } else if (!control.names.empty()) {
    break_contract(entry + ".names", "must be absent: only 'style' has them, not '" + control.name + "'");
  }
}

void expect_name(std::set<std::string>& taken, const std::string& entry, const std::string& name) {
  if (name.empty()) break_contract(entry, "must not be empty");
  if (!taken.insert(name).second)
    break_contract(entry, "must be a name of its own, not '" + name + "' again");
}

void validate_states(const std::vector<StateConfig>& states) {
  std::set<std::string> inputs{"event", "control"};
  std::set<std::string> outputs{"logits", "context"};
  const std::string too_large =
      "makes the state of a row larger than " + std::to_string(ModelLimits::kMaxStateBytes) + " bytes";
  std::size_t total = 0;
  for (std::size_t s = 0; s < states.size(); ++s) {
    const std::string entry = indexed("states", s);
    expect_name(inputs, entry + ".input", states[s].input);
    expect_name(outputs, entry + ".output", states[s].output);
    if (states[s].shape.size() > 8) break_contract(entry + ".shape", "must have at most 8 axes");
    auto bytes = byte_size(states[s].type);
    for (std::size_t axis = 0; axis < states[s].shape.size(); ++axis) {
      const std::int64_t extent = states[s].shape[axis];
      if (extent < 1)
        break_contract(indexed(entry + ".shape", axis), "must be at least 1, not " + std::to_string(extent));
      if (static_cast<std::uint64_t>(extent) > ModelLimits::kMaxStateBytes / bytes) {
        break_contract(indexed(entry + ".shape", axis), too_large);
      }
      bytes *= static_cast<std::size_t>(extent);
    }
    total += bytes;
    if (total > ModelLimits::kMaxStateBytes) break_contract(entry, too_large);
  }
}

void expect_count(const std::string& entry, std::size_t count, std::size_t low, std::size_t high) {
  if (count < low || count > high) {
    const std::string needed =
        low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
    break_contract(entry, "must have " + needed + " entries, not " + std::to_string(count));
  }
}

void validate_bands(const Bands& bands) {
  const auto expect = [](const char* name, const Band& band, double lowest) {
    if (band.low >= lowest && band.high > band.low && std::isfinite(band.high)) return;
    break_contract(std::string("bands.") + name,
                   "must be two numbers that ascend, the first at least " + std::to_string(lowest) +
                       ", not " + std::to_string(band.low) + " and " + std::to_string(band.high));
  };
  expect("notes_per_second", bands.notes_per_second, 0.001);
  expect("mean_pitch", bands.mean_pitch, 0);
  expect("distinct_pitches", bands.distinct_pitches, 0);
  expect("velocity_spread", bands.velocity_spread, 0);
  expect("pitch_class_entropy", bands.pitch_class_entropy, 0);
}

}  // namespace

std::size_t StateConfig::row_bytes() const {
  std::size_t bytes = byte_size(type);
  for (const std::int64_t extent : shape) bytes *= static_cast<std::size_t>(extent);
  return bytes;
}

void ModelConfig::validate() const {
  if (name.empty()) break_contract("name", "must not be empty");
  expect_count("fields", fields.size(), 1, ModelLimits::kMaxFields);
  expect_count("controls", controls.size(), 0, ModelLimits::kMaxControls);
  expect_count("states", states.size(), 0, ModelLimits::kMaxStates);

  std::set<std::string> names;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const std::string entry = indexed("fields", f);
    expect_name(names, entry + ".name", fields[f].name);
    validate_field(entry, fields[f]);
  }
  expect_count("start_event", start_event.size(), fields.size(), fields.size());
  for (std::size_t f = 0; f < fields.size(); ++f) {
    expect_range(indexed("start_event", f), start_event[f], 0, fields[f].size);
  }
  if (fields.size() > 1) {
    expect_range("context_width", context_width, 1, ModelLimits::kMaxSize);
  } else if (context_width != 0) {
    break_contract("context_width", "must be absent from a model of one field");
  }

  names.clear();
  for (std::size_t c = 0; c < controls.size(); ++c) {
    const std::string entry = indexed("controls", c);
    expect_name(names, entry + ".name", controls[c].name);
    validate_control(entry, controls[c]);
  }
  validate_states(states);
  if (bands) validate_bands(*bands);
}

}  // namespace longplay
