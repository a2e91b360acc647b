#include "model/copy_graph.hpp"

#include <cstdint>
#include <string_view>

namespace longplay::ort {
namespace {

constexpr std::uint64_t kIrVersion = 8;  // opens in every ONNX Runtime from 1.19, as opset 17 does
constexpr std::uint64_t kOpset = 17;

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

// Fields of a protocol buffer, by their numbers in onnx.proto.
std::string number(std::uint64_t field, std::uint64_t value) { return varint(field << 3) + varint(value); }
std::string message(std::uint64_t field, std::string_view content) {
  return varint(field << 3 | 2) + varint(content.size()) + std::string(content);
}

// ValueInfoProto{name = 1, type = 2: TypeProto{tensor_type = 1: {elem_type = 1}}}; without a shape.
std::string tensor(const TensorSpec& spec) {
  const auto type = static_cast<std::uint64_t>(element_type(spec.type));
  return message(1, spec.name) + message(2, message(1, number(1, type)));
}

}  // namespace

GraphSpec copy_spec(std::span<const StateConfig> states) {
  GraphSpec spec{.file = "the graph that copies states", .inputs = {}, .outputs = {}};
  const StateConfig none;  // ONNX Runtime rejects a graph without nodes
  for (const StateConfig& state : states.empty() ? std::span(&none, 1) : states) {
    const std::string index = std::to_string(spec.inputs.size());
    spec.inputs.push_back({"from_" + index, state.type, state.shape});
    spec.outputs.push_back({"to_" + index, state.type, state.shape});
  }
  return spec;
}

std::string copy_graph(const GraphSpec& spec) {
  std::string graph = message(2, "copy");
  for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
    graph += message(
        1, message(1, spec.inputs[i].name) + message(2, spec.outputs[i].name) + message(4, "Identity"));
    graph += message(11, tensor(spec.inputs[i])) + message(12, tensor(spec.outputs[i]));
  }
  return number(1, kIrVersion) + message(7, graph) + message(8, message(1, "") + number(2, kOpset));
}

}  // namespace longplay::ort
