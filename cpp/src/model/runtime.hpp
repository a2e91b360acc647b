// The implementation of Runtime: ONNX Runtime, opened, with the operators of this package.
#pragma once

#include "model/model.hpp"
#include "model/operators/kernels.hpp"
#include "model/ort/library.hpp"

namespace longplay {

struct Runtime::Impl {
  Impl(const std::string& library_path, const operators::Kernels& chosen);

  const operators::Kernels& kernels;
  ort::Library library;
};

}  // namespace longplay
