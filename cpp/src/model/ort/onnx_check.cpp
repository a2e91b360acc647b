#include "model/ort/onnx_check.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace longplay {
namespace {

enum class Message { model, training, graph, node, attribute, function, sparse_tensor, tensor };

// Where tensors and nodes are found: the messages within messages of onnx.proto, by field number.
struct Inner {
  Message outer;
  std::uint64_t field;
  Message message;
};
constexpr std::array<Inner, 19> kInner{{
    {Message::model, 7, Message::graph},
    {Message::model, 20, Message::training},
    {Message::model, 25, Message::function},
    {Message::training, 1, Message::graph},
    {Message::training, 2, Message::graph},
    {Message::graph, 1, Message::node},
    {Message::graph, 5, Message::tensor},
    {Message::graph, 15, Message::sparse_tensor},
    {Message::node, 5, Message::attribute},
    {Message::function, 7, Message::node},
    {Message::function, 11, Message::attribute},
    {Message::attribute, 5, Message::tensor},
    {Message::attribute, 6, Message::graph},
    {Message::attribute, 10, Message::tensor},
    {Message::attribute, 11, Message::graph},
    {Message::attribute, 22, Message::sparse_tensor},
    {Message::attribute, 23, Message::sparse_tensor},
    {Message::sparse_tensor, 1, Message::tensor},
    {Message::sparse_tensor, 2, Message::tensor},
}};
constexpr std::uint64_t kTensorExternalData = 13;
constexpr std::uint64_t kTensorDataLocation = 14;
constexpr std::uint64_t kNodeInput = 1;
constexpr std::uint64_t kNodeOperator = 4;

// Operators of ONNX and of ONNX Runtime that draw random numbers, in any domain.
constexpr auto kRandomOperators = std::to_array<std::string_view>(
    {"Bernoulli", "BiasDropout", "BitmaskBiasDropout", "BitmaskDropout", "Multinomial", "RandomNormal",
     "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Sampling"});
// Draws random numbers only if it has its third input, `training_mode`.
constexpr std::string_view kDropout = "Dropout";
constexpr std::size_t kTrainingMode = 2;

constexpr int kMaxDepth = 100;  // the limit of the readers of protocol buffers themselves

// Wire types of https://protobuf.dev/programming-guides/encoding; groups, which ONNX never had, are
// not among them.
enum class Wire : std::uint64_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// The properties of a node that decide whether it draws random numbers.
struct Node {
  bool is_dropout = false;
  bool has_training_mode = false;
  std::size_t inputs = 0;
};

class Walk {
 public:
  explicit Walk(const std::string& file) : file_(file) {}

  void message(Message kind, std::string_view bytes, int depth) const {
    if (depth > kMaxDepth) malformed();
    Node node;
    while (!bytes.empty()) {
      const std::uint64_t tag = short_varint(bytes);
      const std::uint64_t field = tag >> 3;
      if (field == 0) malformed();
      switch (static_cast<Wire>(tag & 7)) {
        case Wire::varint: {
          const std::uint64_t value = varint(bytes, kLongestVarint);
          if (kind == Message::tensor && field == kTensorDataLocation && value != 0) external();
          break;
        }
        case Wire::fixed64:
          take(bytes, 8);
          break;
        case Wire::fixed32:
          take(bytes, 4);
          break;
        case Wire::bytes: {
          const std::string_view content = take(bytes, short_varint(bytes));
          if (kind == Message::tensor && field == kTensorExternalData) external();
          if (kind == Message::node) note(node, field, content);
          const auto inner = std::ranges::find_if(
              kInner, [&](const Inner& known) { return known.outer == kind && known.field == field; });
          if (inner != kInner.end()) message(inner->message, content, depth + 1);
          break;
        }
        default:
          malformed();
      }
    }
    if (node.is_dropout && node.has_training_mode) random(kDropout);
  }

 private:
  static constexpr std::size_t kLongestVarint = 10;

  [[noreturn]] void malformed() const { throw ModelError(file_ + ": not an ONNX file"); }
  [[noreturn]] void external() const {
    throw ModelError(file_ + ": keeps weights outside of itself; export it with them inside");
  }
  [[noreturn]] void random(std::string_view name) const {
    throw ModelError(file_ + ": operator '" + std::string(name) +
                     "' draws random numbers, so the same random seed would not give the same piece");
  }

  void note(Node& node, std::uint64_t field, std::string_view content) const {
    if (field == kNodeInput && node.inputs++ == kTrainingMode) node.has_training_mode = !content.empty();
    if (field != kNodeOperator) return;
    if (std::ranges::find(kRandomOperators, content) != kRandomOperators.end()) random(content);
    node.is_dropout = node.is_dropout || content == kDropout;
  }

  std::string_view take(std::string_view& bytes, std::uint64_t size) const {
    if (size > bytes.size()) malformed();
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return taken;
  }

  // A tag or a size. Protocol buffers keep 32 bits of them, so a longer one would mean something else there.
  std::uint64_t short_varint(std::string_view& bytes) const {
    constexpr std::size_t kLongest = 5;
    const std::uint64_t value = varint(bytes, kLongest);
    if (value > std::numeric_limits<std::uint32_t>::max()) malformed();
    return value;
  }

  std::uint64_t varint(std::string_view& bytes, std::size_t longest) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < longest; ++i) {
      const auto byte = static_cast<unsigned char>(take(bytes, 1)[0]);
      value |= std::uint64_t{byte & 0x7FU} << (7 * i);
      if (byte < 0x80) return value;
    }
    malformed();
  }

  const std::string& file_;
};

}  // namespace

void check_onnx(const std::string& file, std::string_view bytes) {
  Walk(file).message(Message::model, bytes, 0);
}

}  // namespace longplay
