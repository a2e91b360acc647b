// Any bytes are refused with a ModelError of one line, or accepted.
#include <string>
#include <string_view>

#include "input.hpp"
#include "model/ort/onnx_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    longplay::check_onnx("step.onnx", bytes);
  } catch (const longplay::ModelError& error) {
    longplay::require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return 0;
  }
  // Two protocol buffers in a row are one message. So a file that is accepted is also accepted twice in a
  // row.
  longplay::check_onnx("step.onnx", std::string(bytes) + std::string(bytes));
  return 0;
}
