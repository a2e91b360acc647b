#include "model/ort/onnx_check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace longplay {
namespace {

enum class Message { model, graph, node, attribute, function, sparse_tensor, tensor };

// Where tensors are found: the messages within messages of onnx.proto, by field number.
struct Inner {
  Message outer;
  std::uint64_t field;
  Message message;
};
constexpr std::array<Inner, 16> kInner{{
    {Message::model, 7, Message::graph},
    {Message::model, 25, Message::function},
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

constexpr int kMaxDepth = 100;  // as protocol buffers' own readers have it

// Wire types of https://protobuf.dev/programming-guides/encoding; groups, which ONNX never had, are
// not among them.
enum class Wire : std::uint64_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

class Walk {
 public:
  explicit Walk(const std::string& file) : file_(file) {}

  void message(Message kind, std::string_view bytes, int depth) const {
    if (depth > kMaxDepth) malformed();
    while (!bytes.empty()) {
      const std::uint64_t tag = varint(bytes);
      const std::uint64_t field = tag >> 3;
      switch (static_cast<Wire>(tag & 7)) {
        case Wire::varint: {
          const std::uint64_t value = varint(bytes);
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
          const std::string_view content = take(bytes, varint(bytes));
          if (kind == Message::tensor && field == kTensorExternalData) external();
          const auto inner = std::ranges::find_if(
              kInner, [&](const Inner& known) { return known.outer == kind && known.field == field; });
          if (inner != kInner.end()) message(inner->message, content, depth + 1);
          break;
        }
        default:
          malformed();
      }
    }
  }

 private:
  [[noreturn]] void malformed() const { throw ModelError(file_ + ": not an ONNX file"); }
  [[noreturn]] void external() const {
    throw ModelError(file_ + ": keeps weights outside of itself; export it with them inside");
  }

  std::string_view take(std::string_view& bytes, std::uint64_t size) const {
    if (size > bytes.size()) malformed();
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return taken;
  }

  std::uint64_t varint(std::string_view& bytes) const {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(bytes, 1)[0]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    malformed();
  }

  const std::string& file_;
};

}  // namespace

void refuse_external_data(const std::string& file, std::string_view bytes) {
  Walk(file).message(Message::model, bytes, 0);
}

}  // namespace longplay
