// Checks of an ONNX file before ONNX Runtime opens it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace longplay {

// Throws ModelError naming `file` if the bytes are no protocol buffer, or keep weights in another
// file or elsewhere in memory: what a model does must be in the files that its hash covers.
void refuse_external_data(const std::string& file, std::string_view bytes);

}  // namespace longplay
