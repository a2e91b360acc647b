// An ONNX graph that does nothing but copy tensors.
//
// ONNX Runtime moves the inputs and outputs of a graph between host and device. So this graph copies rows of
// states between any two memories. There are two alternatives. CopyTensors of the C API, new in 1.23,
// supports only devices whose provider library is registered with the environment. CUDA's own functions would
// have to be looked up in a library of which several versions may be installed. The graph is a few
// microseconds slower, but a state is copied only when a row begins or leaves a piece, not between its steps.
#pragma once

#include <span>
#include <string>

#include "model/model_config.hpp"
#include "model/ort/session.hpp"

namespace longplay::ort {

// From input `from_i` to output `to_i` for each state.
GraphSpec copy_spec(std::span<const StateConfig> states);
// Bytes of the ONNX file.
std::string copy_graph(const GraphSpec& spec);

}  // namespace longplay::ort
