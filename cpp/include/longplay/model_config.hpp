// Floor 2: what a model declares about itself, docs/model-contract.md in C++.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longplay {

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

enum class ElementType { float32, int32, int64, uint8 };

struct StateConfig {
  std::string input;
  std::string output;
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;  // of one row, without the batch axis
};

struct ModelConfig {
  std::string name;
  std::vector<FieldConfig> fields;
  std::vector<std::int32_t> start_event;
  std::int32_t context_width = 0;
  std::vector<ControlConfig> controls;
  std::vector<StateConfig> states;
  bool states_in_place = false;

  // Throws ModelError naming the first entry that breaks the contract.
  void validate() const;
};

}  // namespace longplay
