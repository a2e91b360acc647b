// The declarations of a model's config.json (docs/model-contract.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/require.hpp"
#include "model/ort/device.hpp"
#include "model/vocabulary_config.hpp"

namespace longplay {

// Limits of a config, checked before any memory is allocated for it.
struct ModelLimits {
  static constexpr std::size_t kMaxFields = 64;
  static constexpr std::size_t kMaxControls = 64;
  static constexpr std::size_t kMaxStates = 4096;
  static constexpr std::int32_t kMaxSize = 1 << 20;  // of a field, a control, the context
  static constexpr std::int32_t kMaxCriticEvents = 4096;
  static constexpr std::size_t kMaxStateBytes = std::size_t{1} << 30;  // of one row, all states together
};

struct FieldConfig {
  std::string name;
  std::int32_t size = 0;             // number of ids that may be drawn; id `size` is an input only
  std::vector<std::int32_t> values;  // the value of each id; the last id of time_shift is END and has none
};

struct ControlConfig {
  std::string name;
  std::int32_t size = 0;
  std::int32_t unknown = 0;          // the id for an unknown value
  std::vector<std::int32_t> bounds;  // "remaining": upper bound of each id, ms
  std::vector<std::string> names;    // "style": the name of each id
};

struct StateConfig {
  std::string input;
  std::string output;
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;  // of one row, without the batch axis

  std::size_t row_bytes() const;
};

// The usual range of a statistic.
struct Band {
  double low = 0;
  double high = 0;
};

// A critic distinguishes real music from a model's. It reads the last events before the end of a phrase.
struct CriticConfig {
  std::int32_t events = 0;
  std::int32_t phrase_ms = 0;
};

struct ModelConfig {
  std::string name;
  std::vector<FieldConfig> fields;
  std::vector<std::int32_t> start_event;
  std::int32_t context_width = 0;
  std::vector<ControlConfig> controls;
  std::vector<StateConfig> states;
  bool states_in_place = false;
  std::int32_t seed_events = 0;          // if above 0, the step has an input that marks the seed's events: in
                                         // training, this number of events at the beginning of a piece
  std::optional<Band> notes_per_second;  // usual density over five minutes of the training music
  std::optional<CriticConfig> critic;
  std::optional<VocabularyConfig> vocabulary;  // of a token model whose tokens stand for notes

  // Whether notes may have another program than that of a piano.
  bool has_programs() const { return vocabulary && vocabulary->has_programs(); }

  // Throws ModelError naming the first entry that breaks the contract.
  void validate() const;
};

}  // namespace longplay
