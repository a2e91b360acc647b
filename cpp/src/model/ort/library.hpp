// ONNX Runtime, opened: its functions, its environment, and how it reports failure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "model/ort/api.hpp"

namespace longplay::ort {

template <typename T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

struct Failure {
  int code;
  std::string message;  // one line
};

class Library {
 public:
  // Throws DeviceError if there is no such library or it is too old.
  explicit Library(const std::string& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const Api& api() const { return api_; }
  const OrtEnv* env() const { return env_; }
  OrtAllocator* allocator() const { return allocator_; }
  const std::string& version() const { return version_; }
  // Registers operators for the sessions on the CPU that are opened from here on. Call this once.
  void add_operators(const char* domain, std::vector<std::shared_ptr<const CustomOp>> operators);
  // The domain of the registered operators, or null.
  OrtCustomOpDomain* operators() const { return domain_; }

  // Returns why a call failed, or nothing; frees its status.
  std::optional<Failure> failure(OrtStatus* status) const;
  // Throws DeviceError if a call failed that fails only when the runtime itself is broken.
  void expect(OrtStatus* status) const;

 private:
  explicit Library(const ApiBase& base);

  std::string version_;
  Api api_;
  OrtEnv* env_ = nullptr;
  OrtAllocator* allocator_ = nullptr;  // the library's own
  std::vector<std::shared_ptr<const CustomOp>> operators_;
  OrtCustomOpDomain* domain_ = nullptr;
};

}  // namespace longplay::ort
