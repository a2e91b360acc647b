// The part of ONNX Runtime's C API that the core uses, declared by us: no package we could build
// with carries its header. The table of functions only ever grows at its end, so a slot
// identifies a function. The types behind the pointers stay opaque. api_check.hpp checks this file
// against a real header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

struct OrtAllocator;
struct OrtCUDAProviderOptionsV2;
struct OrtCustomOp;
struct OrtCustomOpDomain;
struct OrtEnv;
struct OrtKernelContext;
struct OrtKernelInfo;
struct OrtMemoryInfo;
struct OrtRunOptions;
struct OrtSession;
struct OrtSessionOptions;
struct OrtStatus;
struct OrtTensorTypeAndShapeInfo;
struct OrtTypeInfo;
struct OrtValue;

namespace longplay::ort {

// The oldest version of the API that has every entry below: ONNX Runtime 1.19.
constexpr std::uint32_t kApiVersion = 19;

// Values of the API's enumerations, which it passes as int.
constexpr int kLogFatal = 4;
constexpr int kOptimizeAll = 99;
constexpr int kDeviceAllocator = 0;
constexpr int kMemoryDefault = 0;
constexpr int kMemoryHost = -1;
constexpr int kRequired = 0;
constexpr int kTypeTensor = 1;
constexpr int kElementFloat32 = 1;
constexpr int kElementUint8 = 2;
constexpr int kElementInt8 = 3;
constexpr int kElementInt32 = 6;
constexpr int kElementInt64 = 7;
constexpr int kElementFloat16 = 10;
constexpr int kErrorFail = 1;
constexpr int kErrorInvalidArgument = 2;
constexpr int kErrorNoModel = 4;
constexpr int kErrorInvalidProtobuf = 7;
constexpr int kErrorNotImplemented = 9;
constexpr int kErrorInvalidGraph = 10;

// ENTRY(slot, name, signature)
#define LONGPLAY_ORT_ENTRIES(ENTRY)                                                                         \
  ENTRY(0, CreateStatus, OrtStatus*(int code, const char* message))                                         \
  ENTRY(1, GetErrorCode, int(const OrtStatus*))                                                             \
  ENTRY(2, GetErrorMessage, const char*(const OrtStatus*))                                                  \
  ENTRY(3, CreateEnv, OrtStatus*(int log_level, const char* log_name, OrtEnv**))                            \
  ENTRY(6, DisableTelemetryEvents, OrtStatus*(const OrtEnv*))                                               \
  ENTRY(8, CreateSessionFromArray,                                                                          \
        OrtStatus*(const OrtEnv*, const void* model, std::size_t size, const OrtSessionOptions*,            \
                   OrtSession**))                                                                           \
  ENTRY(9, Run,                                                                                             \
        OrtStatus*(OrtSession*, const OrtRunOptions*, const char* const* input_names,                       \
                   const OrtValue* const* inputs, std::size_t input_count, const char* const* output_names, \
                   std::size_t output_count, OrtValue** outputs))                                           \
  ENTRY(10, CreateSessionOptions, OrtStatus*(OrtSessionOptions**))                                          \
  ENTRY(23, SetSessionGraphOptimizationLevel, OrtStatus*(OrtSessionOptions*, int level))                    \
  ENTRY(24, SetIntraOpNumThreads, OrtStatus*(OrtSessionOptions*, int))                                      \
  ENTRY(25, SetInterOpNumThreads, OrtStatus*(OrtSessionOptions*, int))                                      \
  ENTRY(26, CreateCustomOpDomain, OrtStatus*(const char* domain, OrtCustomOpDomain**))                      \
  ENTRY(27, CustomOpDomain_Add, OrtStatus*(OrtCustomOpDomain*, const OrtCustomOp*))                         \
  ENTRY(28, AddCustomOpDomain, OrtStatus*(OrtSessionOptions*, OrtCustomOpDomain*))                          \
  ENTRY(30, SessionGetInputCount, OrtStatus*(const OrtSession*, std::size_t*))                              \
  ENTRY(31, SessionGetOutputCount, OrtStatus*(const OrtSession*, std::size_t*))                             \
  ENTRY(33, SessionGetInputTypeInfo, OrtStatus*(const OrtSession*, std::size_t index, OrtTypeInfo**))       \
  ENTRY(34, SessionGetOutputTypeInfo, OrtStatus*(const OrtSession*, std::size_t index, OrtTypeInfo**))      \
  ENTRY(36, SessionGetInputName, OrtStatus*(const OrtSession*, std::size_t index, OrtAllocator*, char**))   \
  ENTRY(37, SessionGetOutputName, OrtStatus*(const OrtSession*, std::size_t index, OrtAllocator*, char**))  \
  ENTRY(39, CreateRunOptions, OrtStatus*(OrtRunOptions**))                                                  \
  ENTRY(46, RunOptionsSetTerminate, OrtStatus*(OrtRunOptions*))                                             \
  ENTRY(47, RunOptionsUnsetTerminate, OrtStatus*(OrtRunOptions*))                                           \
  ENTRY(49, CreateTensorWithDataAsOrtValue,                                                                 \
        OrtStatus*(const OrtMemoryInfo*, void* data, std::size_t bytes, const std::int64_t* shape,          \
                   std::size_t rank, int element_type, OrtValue**))                                         \
  ENTRY(51, GetTensorMutableData, OrtStatus*(OrtValue*, void** data))                                       \
  ENTRY(55, CastTypeInfoToTensorInfo, OrtStatus*(const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**))    \
  ENTRY(56, GetOnnxTypeFromTypeInfo, OrtStatus*(const OrtTypeInfo*, int*))                                  \
  ENTRY(60, GetTensorElementType, OrtStatus*(const OrtTensorTypeAndShapeInfo*, int*))                       \
  ENTRY(61, GetDimensionsCount, OrtStatus*(const OrtTensorTypeAndShapeInfo*, std::size_t*))                 \
  ENTRY(62, GetDimensions, OrtStatus*(const OrtTensorTypeAndShapeInfo*, std::int64_t*, std::size_t rank))   \
  ENTRY(65, GetTensorTypeAndShape, OrtStatus*(const OrtValue*, OrtTensorTypeAndShapeInfo**))                \
  ENTRY(68, CreateMemoryInfo,                                                                               \
        OrtStatus*(const char* name, int allocator_type, int device, int memory_type, OrtMemoryInfo**))     \
  ENTRY(75, AllocatorAlloc, OrtStatus*(OrtAllocator*, std::size_t bytes, void**))                           \
  ENTRY(76, AllocatorFree, OrtStatus*(OrtAllocator*, void*))                                                \
  ENTRY(78, GetAllocatorWithDefaultOptions, OrtStatus*(OrtAllocator**))                                     \
  ENTRY(90, KernelContext_GetInput,                                                                         \
        OrtStatus*(const OrtKernelContext*, std::size_t index, const OrtValue**))                           \
  ENTRY(91, KernelContext_GetOutput,                                                                        \
        OrtStatus*(OrtKernelContext*, std::size_t index, const std::int64_t* shape, std::size_t rank,       \
                   OrtValue**))                                                                             \
  ENTRY(92, ReleaseEnv, void(OrtEnv*))                                                                      \
  ENTRY(93, ReleaseStatus, void(OrtStatus*))                                                                \
  ENTRY(94, ReleaseMemoryInfo, void(OrtMemoryInfo*))                                                        \
  ENTRY(95, ReleaseSession, void(OrtSession*))                                                              \
  ENTRY(96, ReleaseValue, void(OrtValue*))                                                                  \
  ENTRY(97, ReleaseRunOptions, void(OrtRunOptions*))                                                        \
  ENTRY(98, ReleaseTypeInfo, void(OrtTypeInfo*))                                                            \
  ENTRY(99, ReleaseTensorTypeAndShapeInfo, void(OrtTensorTypeAndShapeInfo*))                                \
  ENTRY(100, ReleaseSessionOptions, void(OrtSessionOptions*))                                               \
  ENTRY(101, ReleaseCustomOpDomain, void(OrtCustomOpDomain*))                                               \
  ENTRY(130, AddSessionConfigEntry, OrtStatus*(OrtSessionOptions*, const char* key, const char* value))     \
  ENTRY(131, CreateAllocator, OrtStatus*(const OrtSession*, const OrtMemoryInfo*, OrtAllocator**))          \
  ENTRY(132, ReleaseAllocator, void(OrtAllocator*))                                                         \
  ENTRY(165, AddRunConfigEntry, OrtStatus*(OrtRunOptions*, const char* key, const char* value))             \
  ENTRY(204, SessionOptionsAppendExecutionProvider_CUDA_V2,                                                 \
        OrtStatus*(OrtSessionOptions*, const OrtCUDAProviderOptionsV2*))                                    \
  ENTRY(205, CreateCUDAProviderOptions, OrtStatus*(OrtCUDAProviderOptionsV2**))                             \
  ENTRY(206, UpdateCUDAProviderOptions,                                                                     \
        OrtStatus*(OrtCUDAProviderOptionsV2*, const char* const* keys, const char* const* values,           \
                   std::size_t count))                                                                      \
  ENTRY(208, ReleaseCUDAProviderOptions, void(OrtCUDAProviderOptionsV2*))                                   \
  ENTRY(249, KernelInfoGetConstantInput_tensor,                                                             \
        OrtStatus*(const OrtKernelInfo*, std::size_t index, int* is_constant, const OrtValue**))

// The entries as the library's own table has them.
struct Api {
  explicit Api(void* const* table)
#define LONGPLAY_ORT_TAKE(slot, name, ...) \
  name = reinterpret_cast<std::add_pointer_t<__VA_ARGS__>>(table[slot]);
      {LONGPLAY_ORT_ENTRIES(LONGPLAY_ORT_TAKE)}
#undef LONGPLAY_ORT_TAKE

#define LONGPLAY_ORT_MEMBER(slot, name, ...) std::add_pointer_t<__VA_ARGS__> name;
  LONGPLAY_ORT_ENTRIES(LONGPLAY_ORT_MEMBER)
#undef LONGPLAY_ORT_MEMBER
};

// The value of OrtGetApiBase, the one function that the library exports.
struct ApiBase {
  void* const* (*get_api)(std::uint32_t version);  // nullptr if the library does not know the version
  const char* (*get_version)();
};

// A custom operator: its properties, and the functions that create and run its kernels. The library calls
// this struct OrtCustomOp. Members that stay null select features that we do not need.
struct CustomOp {
  std::uint32_t version;
  void* create_kernel_without_status;
  const char* (*name)(const CustomOp*);
  const char* (*provider)(const CustomOp*);
  int (*input_type)(const CustomOp*, std::size_t index);
  std::size_t (*input_count)(const CustomOp*);
  int (*output_type)(const CustomOp*, std::size_t index);
  std::size_t (*output_count)(const CustomOp*);
  void* compute_without_status;
  void (*destroy_kernel)(void* kernel);
  int (*input_characteristic)(const CustomOp*, std::size_t index);
  int (*output_characteristic)(const CustomOp*, std::size_t index);
  int (*input_memory_type)(const CustomOp*, std::size_t index);
  void* of_variadic_inputs[2];
  void* of_variadic_outputs[2];
  OrtStatus* (*create_kernel)(const CustomOp*, const void* api, const OrtKernelInfo*, void** kernel);
  OrtStatus* (*compute)(void* kernel, OrtKernelContext*);
  void* infer_output_shape;
  int (*start_version)(const CustomOp*);
  int (*end_version)(const CustomOp*);
  void* of_aliases[4];
};

}  // namespace longplay::ort
