// Floor 2: what a model declares about itself, docs/model-contract.md in C++.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/require.hpp"
#include "model/ort/device.hpp"

namespace longplay {

// What a config may ask for before anything takes memory for it.
struct ModelLimits {
  static constexpr std::size_t kMaxFields = 64;
  static constexpr std::size_t kMaxControls = 64;
  static constexpr std::size_t kMaxStates = 4096;
  static constexpr std::int32_t kMaxSize = 1 << 20;                    // of a field, a control, the context
  static constexpr std::size_t kMaxStateBytes = std::size_t{1} << 30;  // of one row, all states together
};

struct FieldConfig {
  std::string name;
  std::int32_t size = 0;             // ids that may be drawn; id `size` may only be given
  std::vector<std::int32_t> values;  // what each id means; time_shift has one id more, END
};

struct ControlConfig {
  std::string name;
  std::int32_t size = 0;
  std::int32_t unknown = 0;          // the id that says nothing
  std::vector<std::int32_t> bounds;  // "remaining": upper bound of each id, ms
  std::vector<std::string> names;    // "style": what each id is called
};

struct StateConfig {
  std::string input;
  std::string output;
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;  // of one row, without the batch axis

  std::size_t row_bytes() const;
};

struct Band {
  double low = 0;
  double high = 0;
};

// What five minutes of the training music are like.
struct Bands {
  Band notes_per_second;     // low is above 0
  Band mean_pitch;           // MIDI note number
  Band distinct_pitches;     // how many
  Band velocity_spread;      // standard deviation
  Band pitch_class_entropy;  // bits
};

struct ModelConfig {
  std::string name;
  std::vector<FieldConfig> fields;
  std::vector<std::int32_t> start_event;
  std::int32_t context_width = 0;
  std::vector<ControlConfig> controls;
  std::vector<StateConfig> states;
  bool states_in_place = false;
  std::optional<Bands> bands;

  // Throws ModelError naming the first entry that breaks the contract.
  void validate() const;
};

}  // namespace longplay
