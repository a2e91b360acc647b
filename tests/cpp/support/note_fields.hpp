// Small tables for tests: a second has a few values only.
#pragma once

#include <vector>

#include "model/model_config.hpp"

namespace longplay {

inline std::vector<FieldConfig> note_fields() {
  std::vector<FieldConfig> fields(4);
  fields[0] = {.name = "time_shift", .size = 8, .values = {0, 10, 100, 500, 1000, 4000, 8000}};
  fields[1] = {.name = "pitch", .size = 3, .values = {60, 62, 64}};
  fields[2] = {.name = "velocity", .size = 2, .values = {40, 80}};
  fields[3] = {.name = "duration", .size = 3, .values = {100, 1000, 2000}};
  return fields;
}

}  // namespace longplay
