// The custom operators of the domain "longplay" (docs/model-contract.md).
#pragma once

#include <memory>
#include <vector>

#include "model/operators/kernels.hpp"
#include "model/ort/api.hpp"

namespace longplay::operators {

constexpr const char* kDomain = "longplay";

// Returns the operators, which a session needs to run our kernels. Without them, ONNX Runtime runs the nodes
// of the ONNX functions. `api` and `kernels` must outlive the operators, and the operators the sessions.
std::vector<std::shared_ptr<const ort::CustomOp>> make_operators(const ort::Api& api, const Kernels& kernels);

}  // namespace longplay::operators
