// The operators that graphs know as functions of the domain "longplay" (docs/model-contract.md).
#pragma once

#include <memory>
#include <vector>

#include "model/operators/kernels.hpp"
#include "model/ort/api.hpp"

namespace longplay::operators {

constexpr const char* kDomain = "longplay";

// What a session is to know in order to run our kernels. Where it does not, ONNX Runtime runs the nodes that
// a function is made of. `api` and `kernels` must outlive the operators, and these the sessions.
std::vector<std::shared_ptr<const ort::CustomOp>> make_operators(const ort::Api& api, const Kernels& kernels);

}  // namespace longplay::operators
