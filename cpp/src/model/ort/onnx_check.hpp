// Checks of an ONNX file before ONNX Runtime opens it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace longplay {

// Throws ModelError naming `file` if the bytes are no protocol buffer, keep weights elsewhere, or hold an
// operator that draws random numbers. A model must depend only on the files that its hash covers, and the
// same inputs must give the same outputs.
void check_onnx(const std::string& file, std::string_view bytes);

}  // namespace longplay
