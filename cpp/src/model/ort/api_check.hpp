// Checks api.hpp against ONNX Runtime's own header: every slot, every signature, every constant.
// Compiled only when LONGPLAY_ORT_INCLUDE_DIR says where that header is.
#pragma once

#include <onnxruntime_c_api.h>

#include <cstddef>
#include <type_traits>

#include "model/ort/api.hpp"

#ifdef __GNUC__  // the header's functions say that their results must be used
#pragma GCC diagnostic ignored "-Wignored-attributes"
#endif

namespace longplay::ort::check {

// Enumerations and pointers to them count as int.
template <typename T>
struct Plain {
  using type = T;
};
template <typename T>
  requires std::is_enum_v<T>
struct Plain<T> {
  using type = int;
};
template <typename T>
  requires std::is_enum_v<T>
struct Plain<T*> {
  using type = int*;
};

template <typename Theirs>
struct Signature;
template <typename Result, typename... Arguments>
struct Signature<Result (*)(Arguments...)> {
  using type = typename Plain<Result>::type(typename Plain<Arguments>::type...);
};
template <typename Result, typename... Arguments>
struct Signature<Result (*)(Arguments...) noexcept> : Signature<Result (*)(Arguments...)> {};

#define LONGPLAY_ORT_CHECK(slot, name, ...)                                                     \
  static_assert(offsetof(::OrtApi, name) == (slot) * sizeof(void*), #name " has another slot"); \
  static_assert(std::is_same_v<Signature<decltype(::OrtApi::name)>::type, __VA_ARGS__>,         \
                #name " has another signature");
LONGPLAY_ORT_ENTRIES(LONGPLAY_ORT_CHECK)
#undef LONGPLAY_ORT_CHECK

static_assert(offsetof(::OrtApiBase, GetApi) == offsetof(ApiBase, get_api));
static_assert(offsetof(::OrtApiBase, GetVersionString) == offsetof(ApiBase, get_version));
static_assert(sizeof(::OrtCustomOp) == sizeof(CustomOp));
static_assert(offsetof(::OrtCustomOp, GetName) == offsetof(CustomOp, name));
static_assert(offsetof(::OrtCustomOp, GetExecutionProviderType) == offsetof(CustomOp, provider));
static_assert(offsetof(::OrtCustomOp, GetInputType) == offsetof(CustomOp, input_type));
static_assert(offsetof(::OrtCustomOp, GetInputTypeCount) == offsetof(CustomOp, input_count));
static_assert(offsetof(::OrtCustomOp, GetOutputType) == offsetof(CustomOp, output_type));
static_assert(offsetof(::OrtCustomOp, GetOutputTypeCount) == offsetof(CustomOp, output_count));
static_assert(offsetof(::OrtCustomOp, KernelDestroy) == offsetof(CustomOp, destroy_kernel));
static_assert(offsetof(::OrtCustomOp, GetInputCharacteristic) == offsetof(CustomOp, input_characteristic));
static_assert(offsetof(::OrtCustomOp, GetOutputCharacteristic) == offsetof(CustomOp, output_characteristic));
static_assert(offsetof(::OrtCustomOp, GetInputMemoryType) == offsetof(CustomOp, input_memory_type));
static_assert(offsetof(::OrtCustomOp, CreateKernelV2) == offsetof(CustomOp, create_kernel));
static_assert(offsetof(::OrtCustomOp, KernelComputeV2) == offsetof(CustomOp, compute));
static_assert(offsetof(::OrtCustomOp, GetStartVersion) == offsetof(CustomOp, start_version));
static_assert(offsetof(::OrtCustomOp, GetEndVersion) == offsetof(CustomOp, end_version));
static_assert(ORT_API_VERSION >= kApiVersion);
static_assert(ORT_LOGGING_LEVEL_FATAL == kLogFatal);
static_assert(ORT_ENABLE_ALL == kOptimizeAll);
static_assert(OrtDeviceAllocator == kDeviceAllocator);
static_assert(OrtMemTypeDefault == kMemoryDefault);
static_assert(INPUT_OUTPUT_REQUIRED == kRequired);
static_assert(OrtMemTypeCPUOutput == kMemoryHost);
static_assert(ONNX_TYPE_TENSOR == kTypeTensor);
static_assert(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT == kElementFloat32);
static_assert(ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 == kElementUint8);
static_assert(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 == kElementInt32);
static_assert(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 == kElementInt64);
static_assert(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 == kElementInt8);
static_assert(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 == kElementFloat16);
static_assert(ORT_FAIL == kErrorFail);
static_assert(ORT_INVALID_ARGUMENT == kErrorInvalidArgument);
static_assert(ORT_NO_MODEL == kErrorNoModel);
static_assert(ORT_INVALID_PROTOBUF == kErrorInvalidProtobuf);
static_assert(ORT_NOT_IMPLEMENTED == kErrorNotImplemented);
static_assert(ORT_INVALID_GRAPH == kErrorInvalidGraph);

}  // namespace longplay::ort::check
