// An operator of ours, as ONNX Runtime calls it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>

#include "model/operators/kernels.hpp"
#include "model/ort/api.hpp"

namespace longplay::operators {

// Thrown for an invalid graph; the message names the input.
struct GraphError : std::invalid_argument {
  using invalid_argument::invalid_argument;
};

inline void require(bool holds, const char* otherwise) {
  if (!holds) throw GraphError(otherwise);
}

// Carries a status of the runtime back to the runtime.
struct StatusError : std::exception {
  explicit StatusError(OrtStatus* failed) : status(failed) {}
  OrtStatus* status;
};

inline void expect(OrtStatus* status) {
  if (status) throw StatusError(status);
}

// A tensor of up to four dimensions: rows of `width` numbers. One of fewer than two has one row.
struct Tensor {
  static constexpr std::size_t kMaxRank = 4;

  void* data = nullptr;
  std::size_t rank = 0;
  std::array<std::size_t, kMaxRank> shape{};
  std::size_t rows = 1;
  std::size_t width = 1;

  template <typename T>
  T* as() const {
    return static_cast<T*>(data);
  }
  bool is(std::size_t expected_rows, std::size_t expected_width) const {
    return rank == 2 && rows == expected_rows && width == expected_width;
  }
  bool is(std::size_t expected_width) const { return rank == 1 && width == expected_width; }
};

inline Tensor tensor(const ort::Api& api, const OrtValue* value) {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  expect(api.GetTensorTypeAndShape(value, &info));
  Tensor read;
  std::array<std::int64_t, Tensor::kMaxRank> shape{};
  OrtStatus* status = api.GetDimensionsCount(info, &read.rank);
  const bool fits = !status && read.rank <= shape.size();
  if (fits) status = api.GetDimensions(info, shape.data(), read.rank);
  api.ReleaseTensorTypeAndShapeInfo(info);
  expect(status);
  if (!fits) throw GraphError("an input has more than four dimensions");
  for (std::size_t axis = 0; axis < read.rank; ++axis) {
    read.shape[axis] = static_cast<std::size_t>(shape[axis]);
    (axis == 0 && read.rank > 1 ? read.rows : read.width) *= read.shape[axis];
  }
  expect(api.GetTensorMutableData(const_cast<OrtValue*>(value), &read.data));
  return read;
}

// The information that a kernel's constructor may use.
class Info {
 public:
  Info(const ort::Api& api, const Kernels& kernels, const OrtKernelInfo* info)
      : api_(api), kernels_(kernels), info_(info) {}

  const Kernels& kernels() const { return kernels_; }

  // Its data lives as long as the kernel.
  Tensor constant(std::size_t index, const char* name) const {
    const OrtValue* value = nullptr;
    int is_constant = 0;
    expect(api_.KernelInfoGetConstantInput_tensor(info_, index, &is_constant, &value));
    if (!is_constant) throw GraphError(std::string(name) + " must be a constant");
    return tensor(api_, value);
  }

 private:
  const ort::Api& api_;
  const Kernels& kernels_;
  const OrtKernelInfo* info_;
};

// Inputs and outputs of one run of a kernel.
class Context {
 public:
  Context(const ort::Api& api, OrtKernelContext* context) : api_(api), context_(context) {}

  Tensor input(std::size_t index) const {
    const OrtValue* value = nullptr;
    expect(api_.KernelContext_GetInput(context_, index, &value));
    return tensor(api_, value);
  }

  template <typename T = float>
  T* output(std::size_t index, std::size_t rows, std::size_t width) const {
    const std::array shape{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(width)};
    return static_cast<T*>(output_of(index, shape));
  }

  // An output of the shape of `model`.
  void* output_like(std::size_t index, const Tensor& model) const {
    std::array<std::int64_t, Tensor::kMaxRank> shape{};
    for (std::size_t axis = 0; axis < model.rank; ++axis)
      shape[axis] = static_cast<std::int64_t>(model.shape[axis]);
    return output_of(index, std::span(shape).first(model.rank));
  }

 private:
  void* output_of(std::size_t index, std::span<const std::int64_t> shape) const {
    OrtValue* value = nullptr;
    expect(api_.KernelContext_GetOutput(context_, index, shape.data(), shape.size(), &value));
    void* data = nullptr;
    expect(api_.GetTensorMutableData(value, &data));
    return data;
  }

  const ort::Api& api_;
  OrtKernelContext* context_;
};

// The operator of a class `Kernel`, which has
//
//   static constexpr const char* kName;
//   static constexpr std::array kInputs, kOutputs;  // element types
//   explicit Kernel(const Info&);                   // once for each node
//   void compute(const Context&);                   // one thread at a time
//
// and throws GraphError.
template <typename Kernel>
class Operator : public ort::CustomOp {
 public:
  Operator(const ort::Api& api, const Kernels& kernels) : CustomOp{}, environment_{api, kernels} {
    version = ort::kApiVersion;
    name = [](const CustomOp*) { return Kernel::kName; };
    provider = [](const CustomOp*) { return "CPUExecutionProvider"; };
    input_type = [](const CustomOp*, std::size_t index) { return Kernel::kInputs[index]; };
    input_count = [](const CustomOp*) { return Kernel::kInputs.size(); };
    output_type = [](const CustomOp*, std::size_t index) { return Kernel::kOutputs[index]; };
    output_count = [](const CustomOp*) { return Kernel::kOutputs.size(); };
    input_characteristic =
        output_characteristic = [](const CustomOp*, std::size_t) { return ort::kRequired; };
    input_memory_type = [](const CustomOp*, std::size_t) { return ort::kMemoryDefault; };
    start_version = end_version = [](const CustomOp*) { return 1; };
    create_kernel = [](const CustomOp* made_by, const void*, const OrtKernelInfo* info, void** kernel) {
      const Environment& environment = static_cast<const Operator*>(made_by)->environment_;
      return guarded(environment.api, [&] {
        *kernel = new Node{environment.api, Kernel({environment.api, environment.kernels, info})};
      });
    };
    destroy_kernel = [](void* kernel) { delete static_cast<Node*>(kernel); };
    compute = [](void* kernel, OrtKernelContext* context) {
      Node& node = *static_cast<Node*>(kernel);
      return guarded(node.api, [&] { node.kernel.compute(Context(node.api, context)); });
    };
  }

 private:
  struct Node {
    const ort::Api& api;
    Kernel kernel;
  };

  template <typename Work>
  static OrtStatus* guarded(const ort::Api& api, const Work& work) {
    try {
      work();
      return nullptr;
    } catch (const StatusError& error) {
      return error.status;
    } catch (const GraphError& error) {
      return api.CreateStatus(ort::kErrorInvalidGraph,
                              (std::string(Kernel::kName) + ": " + error.what()).c_str());
    } catch (const std::exception& error) {
      return api.CreateStatus(ort::kErrorFail, error.what());
    }
  }

  struct Environment {
    const ort::Api& api;
    const Kernels& kernels;
  };
  Environment environment_;
};

}  // namespace longplay::operators
