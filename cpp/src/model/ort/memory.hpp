// Memory of tensors: that of the process, or memory that a session allocates on its device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "model/ort/device.hpp"
#include "model/ort/library.hpp"

namespace longplay::ort {

class Session;

class Memory {
 public:
  // The process's own.
  explicit Memory(const Library& library);

  // The memory of a device by the runtime's name, if the session has it. "Cuda" is the memory of the GPU, and
  // "CudaPinned" is host memory that the GPU can access.
  static std::optional<Memory> of(const Session& session, const char* name, int index, int type);

  // Allocates from this memory, but declares it to the runtime as `other`.
  Memory addressed_as(const Memory& other) const;

  // Throws DeviceError if no memory is left.
  std::shared_ptr<std::byte> allocate(std::size_t bytes) const;
  // Returns the bytes at `data`, which must be in this memory, as a tensor.
  Handle<OrtValue> value(std::byte* data, std::size_t bytes, std::span<const std::int64_t> shape,
                         ElementType type) const;

 private:
  Memory(const Library& library, std::shared_ptr<OrtMemoryInfo> info,
         std::shared_ptr<OrtAllocator> allocator);

  const Library* library_;
  std::shared_ptr<OrtMemoryInfo> info_;
  std::shared_ptr<OrtAllocator> allocator_;
};

// The memories of a model's tensors. On the CPU all three are the same.
struct Memories {
  Memory host;     // the process's own
  Memory stays;    // not copied to the host by a step: states, and the context of the heads
  Memory travels;  // written and read by the host at every step
};

// Throws DeviceError if the session does not use the device that it was opened on. If a device does not
// start, ONNX Runtime uses the CPU without an error.
Memories memories_of(const Session& session, const Device& device);

}  // namespace longplay::ort
