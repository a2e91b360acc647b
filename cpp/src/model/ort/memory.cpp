#include "model/ort/memory.hpp"

#include <utility>

#include "model/ort/session.hpp"

namespace longplay::ort {
namespace {

std::shared_ptr<OrtMemoryInfo> make_info(const Library& library, const char* name, int index, int type) {
  OrtMemoryInfo* raw = nullptr;
  library.expect(library.api().CreateMemoryInfo(name, kDeviceAllocator, index, type, &raw));
  return {raw, library.api().ReleaseMemoryInfo};
}

}  // namespace

Memory::Memory(const Library& library, std::shared_ptr<OrtMemoryInfo> info,
               std::shared_ptr<OrtAllocator> allocator)
    : library_(&library), info_(std::move(info)), allocator_(std::move(allocator)) {}

Memory::Memory(const Library& library)
    : Memory(library, make_info(library, "Cpu", 0, kMemoryDefault),
             {library.allocator(), [](OrtAllocator*) { /* the library's own */ }}) {}

std::optional<Memory> Memory::of(const Session& session, const char* name, int index, int type) {
  const Library& library = session.library();
  auto info = make_info(library, name, index, type);
  auto allocator = session.allocator(*info);
  if (!allocator) return std::nullopt;
  return Memory(library, std::move(info), std::move(allocator));
}

Memory Memory::addressed_as(const Memory& other) const { return {*library_, other.info_, allocator_}; }

std::shared_ptr<std::byte> Memory::allocate(std::size_t bytes) const {
  void* data = nullptr;
  library_->expect(library_->api().AllocatorAlloc(allocator_.get(), bytes, &data));
  const auto free = [library = library_, allocator = allocator_](std::byte* block) {
    library->failure(library->api().AllocatorFree(allocator.get(), block));
  };
  return {static_cast<std::byte*>(data), free};
}

Handle<OrtValue> Memory::value(std::byte* data, std::size_t bytes, std::span<const std::int64_t> shape,
                               ElementType type) const {
  OrtValue* raw = nullptr;
  library_->expect(library_->api().CreateTensorWithDataAsOrtValue(info_.get(), data, bytes, shape.data(),
                                                                  shape.size(), element_type(type), &raw));
  return {raw, library_->api().ReleaseValue};
}

Memories memories_of(const Session& session, const Device& device) {
  const Memory host(session.library());
  if (device.kind == Device::Kind::cpu) return {host, host, host};
  const auto stays = Memory::of(session, "Cuda", device.index, kMemoryDefault);
  if (!stays) session.refuse_device("the session has no memory on it");
  // Not pinned memory: in 1.31.1 an input that a graph does not use may not lie there.
  if (!device.capture) return {host, *stays, host};
  // A captured graph is replayed without the copies to and from the host that a run makes. So the GPU
  // reads and writes pinned memory of the host itself, and at the host's address, by CUDA's unified
  // virtual addressing. Older versions know it as that of the first GPU.
  auto pinned = Memory::of(session, "CudaPinned", device.index, kMemoryHost);
  if (!pinned) pinned = Memory::of(session, "CudaPinned", 0, kMemoryHost);
  if (!pinned) session.refuse_device("it has no host memory for a captured graph");
  return {host, *stays, pinned->addressed_as(*stays)};
}

}  // namespace longplay::ort
