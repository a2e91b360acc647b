// A model whose graphs are Identity nodes: every step swaps two states.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.hpp"

namespace longplay::test {

namespace onnx {

enum Type : char { float32 = 1, int64 = 7 };

// One field of a protocol buffer; everything here is shorter than 128 bytes, or encoded in two.
inline std::string field(int number, std::string_view content) {
  std::string bytes{static_cast<char>(number << 3 | 2)};
  if (content.size() >= 128) bytes += static_cast<char>(content.size() % 128 | 128);
  bytes += static_cast<char>(content.size() < 128 ? content.size() : content.size() / 128);
  return bytes.append(content);
}

inline std::string tensor(const std::string& name, Type type) {
  return field(1, name) + field(2, field(1, std::string{'\x08', type}));
}

struct Copy {
  std::string from, to;
  Type type;
};

// A graph of one Identity node for each copy; `given` are inputs that it leaves alone.
inline std::string graph(const std::vector<Copy>& copies, const std::vector<std::string>& given,
                         const std::vector<std::string>& inputs) {
  std::string bytes = field(2, "identity");
  for (const Copy& copy : copies) {
    bytes += field(1, field(1, copy.from) + field(2, copy.to) + field(4, "Identity"));
    bytes += field(12, tensor(copy.to, copy.type));
  }
  for (const std::string& name : given) bytes += field(11, tensor(name, int64));
  for (const std::string& name : inputs) bytes += field(11, tensor(name, float32));
  return std::string("\x08\x08", 2) + field(7, bytes) + field(8, field(1, "") + std::string("\x10\x11", 2));
}

}  // namespace onnx

// Logits of field 0 are state `a`, those of field 1 state `b`, as they were before the step: three
// numbers each. In place, they stay the same.
inline std::shared_ptr<const ModelFiles> identity_model(bool in_place) {
  using onnx::float32;
  ModelFiles files;
  files.config.name = "identity";
  files.config.fields = {{.name = "one", .size = 3, .values = {}}, {.name = "two", .size = 3, .values = {}}};
  files.config.start_event = {3, 3};
  files.config.context_width = 3;
  files.config.states = {{.input = "a", .output = "next_a", .type = ElementType::float32, .shape = {3}},
                         {.input = "b", .output = "next_b", .type = ElementType::float32, .shape = {3}}};
  files.config.states_in_place = in_place;
  const std::string other = in_place ? "a" : "b";
  const std::string one = in_place ? "b" : "a";
  files.step = onnx::graph({{"a", "logits", float32},
                            {"b", "context", float32},
                            {other, "next_a", float32},
                            {one, "next_b", float32}},
                           {"event"}, {"a", "b"});
  files.heads = {onnx::graph({{"context", "logits", float32}}, {"drawn"}, {"context"})};
  return std::make_shared<const ModelFiles>(std::move(files));
}

}  // namespace longplay::test
