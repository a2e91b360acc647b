// An ONNX graph that does nothing but copy tensors.
//
// ONNX Runtime moves what a graph is given, and what it gives, between host and device, so running
// this one copies rows of states from anywhere to anywhere. Its C API has CopyTensors for that since
// 1.23, but that knows only devices whose provider library was registered with the environment, and we
// take older versions too. CUDA's own functions would have to be looked up in a
// library that may be there in several versions. A graph takes a few microseconds more, and a state is
// copied when a row begins or leaves a piece, not between its steps.
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
