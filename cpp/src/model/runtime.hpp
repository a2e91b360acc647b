// The implementation of Runtime: ONNX Runtime, opened, with the operators of this package.
#pragma once

#include "model/model.hpp"
#include "model/ort/library.hpp"

namespace longplay {

struct Runtime::Impl {
  explicit Impl(const std::string& library_path);

  ort::Library library;
};

}  // namespace longplay
