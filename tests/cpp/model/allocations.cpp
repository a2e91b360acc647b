#include "model/allocations.hpp"

#include <execinfo.h>
#include <link.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace {

thread_local bool counting = false;
thread_local std::size_t of_runtime = 0;
thread_local std::size_t of_us = 0;

// Whether the address lies in the library of ONNX Runtime.
bool in_runtime(const void* address) {
  static std::pair<std::uintptr_t, std::uintptr_t> range;  // of the last library found
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (range.first == 0) {
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void*) {
          if (!std::strstr(info->dlpi_name, "libonnxruntime.so")) return 0;
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            const auto& part = info->dlpi_phdr[i];
            if (part.p_type != PT_LOAD || !(part.p_flags & PF_X)) continue;
            const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
            range = {begin, begin + part.p_memsz};
          }
          return 0;
        },
        nullptr);
  }
  return at >= range.first && at < range.second;
}

void count() {
  counting = false;  // what looks at the stack may allocate
  std::array<void*, 64> frames;
  const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
  bool runtime = false;
  for (int i = 0; i < depth && !runtime; ++i) runtime = in_runtime(frames[static_cast<std::size_t>(i)]);
  ++(runtime ? of_runtime : of_us);
  counting = true;
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (counting) count();
  void* const block = std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

namespace longplay::test {

Allocations::Allocations() {
  of_us = of_runtime = 0;
  counting = true;
}

Allocations::~Allocations() { counting = false; }

std::size_t Allocations::ours() const { return of_us; }
std::size_t Allocations::runtimes() const { return of_runtime; }

}  // namespace longplay::test
