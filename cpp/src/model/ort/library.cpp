#include "model/ort/library.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/process.hpp"

#ifdef LONGPLAY_CHECK_ORT_SLOTS
#include "model/ort/api_check.hpp"
#endif

#ifdef _WIN32
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace longplay::ort {
namespace {

#if (defined(__x86_64__) && defined(__linux__)) || defined(_M_AMD64)
constexpr const char* kFix = "; to fix this, run: pip install --force-reinstall onnxruntime-gpu";
#else
constexpr const char* kFix = "; to fix this, run: pip install --force-reinstall onnxruntime";
#endif

using GetApiBase = const ApiBase*();

// The library stays open until the process ends: it keeps threads and thread-local data of its own.
const ApiBase& open(const std::string& path) {
  constexpr const char* kSymbol = "OrtGetApiBase";
#ifdef _WIN32
  const std::filesystem::path file(std::u8string(path.begin(), path.end()));
  const HMODULE library = LoadLibraryExW(file.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  const std::string problem = library ? "" : "Windows error " + std::to_string(GetLastError());
  // GCC warns of a cast from one function's type to another's, unless it goes through this one.
  using Any = void();
  auto* const symbol = library ? reinterpret_cast<Any*>(GetProcAddress(library, kSymbol)) : nullptr;
  auto* const get_base = reinterpret_cast<GetApiBase*>(symbol);
#else
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const std::string problem = library ? "" : dlerror();
  // The symbol carries the library's version, so it can be looked up but not linked.
  auto* const get_base = library ? reinterpret_cast<GetApiBase*>(dlsym(library, kSymbol)) : nullptr;
#endif
  if (!library) throw DeviceError("cannot open ONNX Runtime at " + path + ": " + problem + kFix);
  if (!get_base) throw DeviceError(path + " is not ONNX Runtime: it has no " + kSymbol + kFix);
  skip_destructors_in_children();
  return *get_base();
}

void* const* table(const ApiBase& base) {
  void* const* const entries = base.get_api(kApiVersion);
  if (!entries) {
    throw DeviceError(std::string("ONNX Runtime must be at least 1.19, not ") + base.get_version() + kFix);
  }
  return entries;
}

}  // namespace

Library::Library(const std::string& path) : Library(open(path)) {}

Library::Library(const ApiBase& base) : version_(base.get_version()), api_(table(base)) {
  // Failures come back as a status: ONNX Runtime need not print anything.
  expect(api_.CreateEnv(kLogFatal, "longplay", &env_));
  expect(api_.DisableTelemetryEvents(env_));
  expect(api_.GetAllocatorWithDefaultOptions(&allocator_));
}

Library::~Library() {
  if (domain_) api_.ReleaseCustomOpDomain(domain_);
  api_.ReleaseEnv(env_);
}

void Library::add_operators(const char* domain, std::vector<std::shared_ptr<const CustomOp>> operators) {
  operators_ = std::move(operators);
  expect(api_.CreateCustomOpDomain(domain, &domain_));
  for (const auto& one : operators_) {
    expect(api_.CustomOpDomain_Add(domain_, reinterpret_cast<const OrtCustomOp*>(one.get())));
  }
}

std::optional<Failure> Library::failure(OrtStatus* status) const {
  if (!status) return std::nullopt;
  Failure failure{api_.GetErrorCode(status), api_.GetErrorMessage(status)};
  api_.ReleaseStatus(status);
  std::ranges::replace(failure.message, '\n', ' ');
  failure.message.resize(failure.message.find_last_not_of(" .") + 1);
  return failure;
}

void Library::expect(OrtStatus* status) const {
  if (const auto failed = failure(status))
    throw DeviceError("ONNX Runtime failed: " + failed->message + kFix);
}

}  // namespace longplay::ort
