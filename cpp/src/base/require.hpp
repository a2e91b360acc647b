// Checks of arguments: a refusal of a range is "NAME must be in [LOW, HIGH], not VALUE".
#pragma once

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace longplay {

// A value as it is printed: a byte is a number, not a character.
template <typename Value>
const auto& printed(const Value& value) {
  return value;
}
inline int printed(std::uint8_t value) { return value; }

// The name of an entry of a list: "LIST[INDEX]".
inline std::string indexed(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

// Throws std::invalid_argument: "RULE".
[[noreturn]] inline void refuse(const std::string& rule) { throw std::invalid_argument(rule); }

// Throws std::invalid_argument: "RULE, not VALUE".
template <typename Value>
[[noreturn]] void refuse(std::string_view rule, const Value& value) {
  std::ostringstream message;
  message << rule << ", not " << printed(value);
  refuse(message.str());
}

template <typename Value>
[[noreturn]] void refuse_range(std::string_view name, Value value, Value low, Value high) {
  std::ostringstream rule;
  rule << name << " must be ";
  if (low == high) {
    rule << printed(low);
  } else {
    rule << "in [" << printed(low) << ", " << printed(high) << "]";
  }
  refuse(rule.str(), value);
}

// Throws std::invalid_argument unless the value is in [low, high]; NaN is in no range. Only the comparison
// costs anything when it is.
template <typename Value>
void require_range(std::string_view name, Value value, std::type_identity_t<Value> low,
                   std::type_identity_t<Value> high) {
  if (!(value >= low && value <= high)) refuse_range<Value>(name, value, low, high);
}

template <typename Value>
void require_at_least(std::string_view name, Value value, std::type_identity_t<Value> low) {
  if (value >= low) return;
  std::ostringstream rule;
  rule << name << " must be at least " << printed(low);
  refuse(rule.str(), value);
}

// Throws std::invalid_argument unless a list has at least `low` and at most `high` entries.
inline void require_entries(std::string_view name, std::size_t entries, std::size_t low, std::size_t high) {
  if (entries >= low && entries <= high) return;
  const std::string least = low == high ? "" : std::to_string(low) + " to ";
  refuse(std::string(name) + " must have " + least + std::to_string(high) + " entries", entries);
}
inline void require_entries(std::string_view name, std::size_t entries, std::size_t expected) {
  require_entries(name, entries, expected, expected);
}

}  // namespace longplay
