// CUDA's runtime library on a machine without a GPU: what ONNX Runtime's CUDA provider needs without
// launching kernels. The process may not touch "device" memory, and copies go through a second view of it. So
// a graph of nothing but copies runs as on a GPU, and every copy can be counted. A program that takes an
// address of the device for one of the host is killed.
//
// Functions that are not here do nothing and return 0, for success: __init__.py makes them.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <vector>

namespace {

struct View {
  char* host;
  std::size_t bytes;
};

struct Copy {
  void* to;
  const void* from;
  std::size_t bytes;
};
using Graph = std::vector<Copy>;

std::mutex mutex;
std::map<char*, View> device;       // by the address that the caller gets
std::map<void*, Graph*> recording;  // by stream
std::size_t counts[8];  // copies up, down, within the device; their bytes; copies recorded; replays
thread_local int current_device = 0;

// The block that holds an address of the device, or none.
auto block_of(const void* address) {
  auto* const at = static_cast<char*>(const_cast<void*>(address));
  const auto after = device.upper_bound(at);
  if (after == device.begin()) return device.end();
  const auto block = std::prev(after);
  return at < block->first + block->second.bytes ? block : device.end();
}

char* reach(const void* address) {
  auto* const at = static_cast<char*>(const_cast<void*>(address));
  const auto block = block_of(address);
  return block == device.end() ? at : block->second.host + (at - block->first);
}

void carry_out(const Copy& copy) { std::memmove(reach(copy.to), reach(copy.from), copy.bytes); }

int copy(void* to, const void* from, std::size_t bytes, void* stream) {
  const std::lock_guard lock(mutex);
  const bool down = block_of(to) == device.end();
  const bool up = block_of(from) == device.end();
  if (!(up && down)) {
    const int kind = up ? 0 : down ? 1 : 2;
    ++counts[kind];
    counts[3 + kind] += bytes;
  }
  const auto recorded = recording.find(stream);
  if (recorded != recording.end()) {
    recorded->second->push_back({to, from, bytes});
    ++counts[6];
  } else {
    carry_out({to, from, bytes});
  }
  return 0;
}

constexpr std::size_t kPage = 4096;
std::size_t pages(std::size_t bytes) { return (bytes + kPage) / kPage * kPage; }

// Handles are only ever handed back to us.
int handle(void** made) {
  static std::size_t last = 0;
  *made = reinterpret_cast<void*>(last += 16);
  return 0;
}

}  // namespace

extern "C" {

void double_counts(std::size_t* to) { std::memcpy(to, counts, sizeof counts); }

int cudaMalloc(void** made, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  const int file = memfd_create("device", 0);
  if (ftruncate(file, static_cast<off_t>(pages(bytes))) != 0) return 2;
  void* const host = mmap(nullptr, pages(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  *made = mmap(nullptr, pages(bytes), PROT_NONE, MAP_SHARED, file, 0);
  close(file);
  std::memset(host, 0xA5, pages(bytes));  // nobody may count on zeros
  device[static_cast<char*>(*made)] = {static_cast<char*>(host), pages(bytes)};
  return 0;
}
int cudaFree(void* block) {
  const std::lock_guard lock(mutex);
  const auto found = device.find(static_cast<char*>(block));
  if (found == device.end()) return 0;
  munmap(found->second.host, found->second.bytes);
  munmap(block, found->second.bytes);
  device.erase(found);
  return 0;
}
int cudaMallocHost(void** made, std::size_t bytes) {
  *made = std::aligned_alloc(kPage, pages(bytes));
  return *made ? 0 : 2;
}
int cudaHostAlloc(void** made, std::size_t bytes, unsigned) { return cudaMallocHost(made, bytes); }
int cudaFreeHost(void* block) {
  std::free(block);
  return 0;
}
int cudaMemcpy(void* to, const void* from, std::size_t bytes, int) { return copy(to, from, bytes, nullptr); }
int cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, int, void* stream) {
  return copy(to, from, bytes, stream);
}

int cudaGetDeviceCount(int* count) { return *count = 2, 0; }
int cudaGetDevice(int* index) { return *index = current_device, 0; }
int cudaSetDevice(int index) { return current_device = index, 0; }
int cudaGetDeviceProperties(void* properties, int) {
  std::memset(properties, 0, 1008);  // sizeof(cudaDeviceProp) of CUDA 13
  return 0;
}
int cudaDeviceGetAttribute(int* value, int, int) { return *value = 0, 0; }
int cudaDriverGetVersion(int* version) { return *version = 13000, 0; }
int cudaRuntimeGetVersion(int* version) { return *version = 13000, 0; }
int cudaMemGetInfo(std::size_t* free, std::size_t* total) { return *free = *total = std::size_t{1} << 33, 0; }

int cudaStreamCreate(void** made) { return handle(made); }
int cudaStreamCreateWithFlags(void** made, unsigned) { return handle(made); }
int cudaEventCreate(void** made) { return handle(made); }
int cudaEventCreateWithFlags(void** made, unsigned) { return handle(made); }
int cudaLaunchHostFunc(void*, void (*call)(void*), void* data) { return call(data), 0; }

int cudaStreamBeginCapture(void* stream, int) {
  const std::lock_guard lock(mutex);
  recording[stream] = new Graph;
  return 0;
}
int cudaStreamEndCapture(void* stream, void** graph) {
  const std::lock_guard lock(mutex);
  *graph = recording[stream];
  recording.erase(stream);
  return 0;
}
int cudaStreamIsCapturing(void* stream, int* status) {
  const std::lock_guard lock(mutex);
  *status = static_cast<int>(recording.count(stream));
  return 0;
}
int cudaGraphInstantiate(void** made, void* graph, unsigned long long) {
  *made = new Graph(*static_cast<Graph*>(graph));
  return 0;
}
int cudaGraphLaunch(void* graph, void*) {
  const std::lock_guard lock(mutex);
  for (const Copy& one : *static_cast<Graph*>(graph)) carry_out(one);
  ++counts[7];
  return 0;
}
int cudaGraphDestroy(void* graph) { return delete static_cast<Graph*>(graph), 0; }
int cudaGraphExecDestroy(void* graph) { return delete static_cast<Graph*>(graph), 0; }

const char* cudaGetErrorName(int) { return "double"; }
const char* cudaGetErrorString(int) { return "the double of CUDA"; }
void** __cudaRegisterFatBinary(void*) {
  static void* handle_of_all = nullptr;
  return &handle_of_all;
}

}  // extern "C"
