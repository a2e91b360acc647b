// One graph of a model, opened on a device and checked against the model contract.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/ort/device.hpp"
#include "model/ort/library.hpp"

namespace longplay::ort {

// An input or output as the contract defines it. The batch axis comes before the shape of one row.
struct TensorSpec {
  std::string name;
  ElementType type;
  std::vector<std::int64_t> row;
};

struct GraphSpec {
  std::string file;  // its name in messages
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
};

// The API's number for an element type.
int element_type(ElementType type);

// Tensors of one call, in the order of the GraphSpec.
struct Call {
  std::vector<const OrtValue*> inputs;
  std::vector<OrtValue*> outputs;
  const OrtRunOptions* options = nullptr;
};

// Runs in the caller's thread, and may be called again and again with the same values.
class Session {
 public:
  // Throws ModelError if the bytes are not a graph with these inputs and outputs and no others,
  // DeviceError if the device is not available.
  Session(const Library& library, const Device& device, std::string_view bytes, GraphSpec spec);

  const Library& library() const { return *library_; }
  // Of the memory that `info` describes, or nothing if the session has none of it.
  std::shared_ptr<OrtAllocator> allocator(const OrtMemoryInfo& info) const;

  // Writes the outputs' memory. Throws ModelError, or DeviceError on another device than the CPU.
  void run(Call& call);

  // Throws the DeviceError that says why the device cannot be used.
  [[noreturn]] void refuse_device(const std::string& problem) const;

 private:
  [[noreturn]] void refuse(const Failure& failure) const;
  void check() const;

  const Library* library_;
  Device device_;
  GraphSpec spec_;
  Handle<OrtSession> session_;
  std::vector<const char*> input_names_;  // into spec_
  std::vector<const char*> output_names_;
};

}  // namespace longplay::ort
