// Memory that tensors lie in: the process's own, or what a session takes from its device.
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

  // That of a device, by the runtime's name for it, as far as the session has it: "Cuda" is the GPU's
  // own, "CudaPinned" the host's, but within the GPU's reach.
  static std::optional<Memory> of(const Session& session, const char* name, int index, int type);

  // Taken from here, but told to the runtime as if it were `other`.
  Memory told_as(const Memory& other) const;

  // Throws DeviceError if there is no more.
  std::shared_ptr<std::byte> allocate(std::size_t bytes) const;
  // The bytes at `data`, which lie in this memory, as a tensor.
  Handle<OrtValue> value(std::byte* data, std::size_t bytes, std::span<const std::int64_t> shape,
                         ElementType type) const;

 private:
  Memory(const Library& library, std::shared_ptr<OrtMemoryInfo> info,
         std::shared_ptr<OrtAllocator> allocator);

  const Library* library_;
  std::shared_ptr<OrtMemoryInfo> info_;
  std::shared_ptr<OrtAllocator> allocator_;
};

// Where a model's tensors lie. On the CPU all three are the same.
struct Places {
  Memory host;     // the process's own
  Memory stays;    // what no step brings to the host: states, and the context of the heads
  Memory travels;  // what the host writes and reads at every step
};

// Throws DeviceError if the session does not use the device that it was opened on: asked for one that
// does not start, ONNX Runtime takes the CPU in silence.
Places places_of(const Session& session, const Device& device);

}  // namespace longplay::ort
