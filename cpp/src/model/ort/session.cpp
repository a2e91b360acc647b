#include "model/ort/session.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "model/ort/onnx_check.hpp"

namespace longplay::ort {
namespace {

[[noreturn]] void throw_device(const Device& device, const std::string& problem) {
  throw DeviceError(
      "device 'cuda:" + std::to_string(device.index) + "' " + problem +
      "; CUDA needs an NVIDIA GPU with its driver, NVIDIA's libraries (pip install 'longplay[cuda]') "
      "and a model that is not int8 (docs/cuda.md)");
}

// A tensor as a graph declares it. A shape that is not declared is empty, an extent that is not fixed
// is -1.
struct Declared {
  std::string name;
  std::optional<int> element_type;  // none: not a tensor
  std::vector<std::int64_t> shape;
};

// The two sides of a graph, for which the API has functions of the same shape.
struct Side {
  const char* word;
  decltype(Api::SessionGetInputCount) count;
  decltype(Api::SessionGetInputName) name;
  decltype(Api::SessionGetInputTypeInfo) type;
};

Declared declared(const Library& library, const OrtSession* session, const Side& side, std::size_t index) {
  const Api& api = library.api();
  Declared tensor;
  char* raw_name = nullptr;
  library.expect(side.name(session, index, library.allocator(), &raw_name));
  tensor.name = raw_name;
  library.expect(api.AllocatorFree(library.allocator(), raw_name));

  OrtTypeInfo* raw_type = nullptr;
  library.expect(side.type(session, index, &raw_type));
  const Handle<OrtTypeInfo> type(raw_type, api.ReleaseTypeInfo);
  int kind = 0;
  library.expect(api.GetOnnxTypeFromTypeInfo(type.get(), &kind));
  if (kind != kTypeTensor) return tensor;

  const OrtTensorTypeAndShapeInfo* info = nullptr;  // the type's own
  library.expect(api.CastTypeInfoToTensorInfo(type.get(), &info));
  library.expect(api.GetTensorElementType(info, &tensor.element_type.emplace()));
  std::size_t rank = 0;
  library.expect(api.GetDimensionsCount(info, &rank));
  tensor.shape.resize(rank);
  library.expect(api.GetDimensions(info, tensor.shape.data(), rank));
  return tensor;
}

std::vector<Declared> declared(const Library& library, const OrtSession* session, const Side& side) {
  std::size_t count = 0;
  library.expect(side.count(session, &count));
  std::vector<Declared> tensors;
  for (std::size_t i = 0; i < count; ++i) tensors.push_back(declared(library, session, side, i));
  return tensors;
}

std::string declared_type(std::optional<int> type) {
  if (!type) return "no tensor's";
  const auto known = std::ranges::find(kElementTypes, *type, element_type);
  return known == kElementTypes.end() ? "ONNX type " + std::to_string(*type) : type_name(*known);
}

std::string shape_name(std::span<const std::int64_t> row) {
  std::string text = "(batch";
  for (const std::int64_t extent : row) text += ", " + (extent < 0 ? "?" : std::to_string(extent));
  return text + ")";
}

void check_tensor(const std::string& what, const Declared& tensor, const TensorSpec& spec) {
  if (tensor.element_type != element_type(spec.type)) {
    throw ModelError(what + " must have type " + type_name(spec.type) + ", not " +
                     declared_type(tensor.element_type));
  }
  if (tensor.shape.empty()) return;  // not declared: the trial step checks it
  if (tensor.shape[0] >= 0) {
    throw ModelError(what + " must take any batch, not only " + std::to_string(tensor.shape[0]));
  }
  const std::span<const std::int64_t> row = std::span(tensor.shape).subspan(1);
  const bool fits = std::ranges::equal(row, spec.row, [](std::int64_t extent, std::int64_t expected) {
    return extent < 0 || extent == expected;
  });
  if (!fits) throw ModelError(what + " must have shape " + shape_name(spec.row) + ", not " + shape_name(row));
}

void check_side(const std::string& file, const Side& side, const std::vector<Declared>& tensors,
                const std::vector<TensorSpec>& specs) {
  const auto what = [&](const std::string& tensor) { return file + ": " + side.word + " '" + tensor + "'"; };
  for (const TensorSpec& spec : specs) {
    const auto tensor = std::ranges::find(tensors, spec.name, &Declared::name);
    if (tensor == tensors.end()) throw ModelError(what(spec.name) + " is missing");
    check_tensor(what(spec.name), *tensor, spec);
  }
  for (const Declared& tensor : tensors) {
    if (std::ranges::find(specs, tensor.name, &TensorSpec::name) == specs.end()) {
      throw ModelError(what(tensor.name) + " is in neither config.json nor the contract");
    }
  }
}

// Whether ONNX Runtime reports an invalid graph, as opposed to a problem with the device.
bool blames_graph(int code) {
  return code == kErrorInvalidArgument || code == kErrorNoModel || code == kErrorInvalidProtobuf ||
         code == kErrorNotImplemented || code == kErrorInvalidGraph;
}

// Returns the options of the CUDA provider.
void append_cuda(const Library& library, OrtSessionOptions* options, const Device& device) {
  const Api& api = library.api();
  // All of the graph on the GPU: a part on the CPU would carry states there and back at every step.
  library.expect(api.AddSessionConfigEntry(options, "session.disable_cpu_ep_fallback", "1"));
  const std::string index = std::to_string(device.index);
  const std::array<std::array<const char*, 2>, 4> entries{{
      {"device_id", index.c_str()},
      {"enable_cuda_graph", device.capture ? "1" : "0"},
      {"arena_extend_strategy",
       "kSameAsRequested"},  // we allocate large blocks once, so doubling wastes memory
      {"use_tf32", "0"},     // fp32 is fp32, as on the CPU
  }};
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : entries) {
    keys.push_back(key);
    values.push_back(value);
  }
  OrtCUDAProviderOptionsV2* raw = nullptr;
  auto failed = library.failure(api.CreateCUDAProviderOptions(&raw));
  const Handle<OrtCUDAProviderOptionsV2> cuda(raw, api.ReleaseCUDAProviderOptions);
  if (!failed) {
    failed = library.failure(api.UpdateCUDAProviderOptions(raw, keys.data(), values.data(), keys.size()));
  }
  if (!failed) failed = library.failure(api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, raw));
  if (failed) throw_device(device, "cannot be used: " + failed->message);
}

Handle<OrtSessionOptions> make_options(const Library& library, const Device& device) {
  const Api& api = library.api();
  OrtSessionOptions* raw = nullptr;
  library.expect(api.CreateSessionOptions(&raw));
  Handle<OrtSessionOptions> options(raw, api.ReleaseSessionOptions);
  // Run in the caller's thread only: rows are distributed over models, not over a thread pool in each.
  library.expect(api.SetIntraOpNumThreads(raw, 1));
  library.expect(api.SetInterOpNumThreads(raw, 1));
  library.expect(api.SetSessionGraphOptimizationLevel(raw, kOptimizeAll));
  // Accept only the ONNX format, which check_onnx has checked.
  library.expect(api.AddSessionConfigEntry(raw, "session.load_model_format", "ONNX"));
  if (device.kind == Device::Kind::cuda) {
    append_cuda(library, raw, device);
  } else if (library.operators()) {
    library.expect(api.AddCustomOpDomain(raw, library.operators()));
  }
  return options;
}

}  // namespace

int element_type(ElementType type) {
  constexpr std::array<int, kElementTypes.size()> kTypes{kElementFloat32, kElementInt32,   kElementInt64,
                                                         kElementUint8,   kElementFloat16, kElementInt8};
  return kTypes[static_cast<std::size_t>(type)];
}

Session::Session(const Library& library, const Device& device, std::string_view bytes, GraphSpec spec)
    : library_(&library),
      device_(device),
      spec_(std::move(spec)),
      session_(nullptr, library.api().ReleaseSession) {
  check_onnx(spec_.file, bytes);
  const auto options = make_options(library, device);
  OrtSession* raw = nullptr;
  if (const auto failed = library.failure(library.api().CreateSessionFromArray(
          library.env(), bytes.data(), bytes.size(), options.get(), &raw))) {
    refuse(*failed);
  }
  session_.reset(raw);
  check();
  for (const TensorSpec& input : spec_.inputs) input_names_.push_back(input.name.c_str());
  for (const TensorSpec& output : spec_.outputs) output_names_.push_back(output.name.c_str());
}

void Session::check() const {
  const Api& api = library_->api();
  const Side inputs{"input", api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo};
  const Side outputs{"output", api.SessionGetOutputCount, api.SessionGetOutputName,
                     api.SessionGetOutputTypeInfo};
  check_side(spec_.file, inputs, declared(*library_, session_.get(), inputs), spec_.inputs);
  check_side(spec_.file, outputs, declared(*library_, session_.get(), outputs), spec_.outputs);
}

std::shared_ptr<OrtAllocator> Session::allocator(const OrtMemoryInfo& info) const {
  OrtAllocator* raw = nullptr;
  if (library_->failure(library_->api().CreateAllocator(session_.get(), &info, &raw))) return nullptr;
  return {raw, library_->api().ReleaseAllocator};
}

// Values that lie on the device stay there, and those of the host are copied there and back: an
// IoBinding does no more. It is no faster on the CPU (22 us either way, tests' tiny step), and would
// copy inputs only when they are bound.
void Session::run(Call& call) {
  if (const auto failed = library_->failure(library_->api().Run(
          session_.get(), call.options, input_names_.data(), call.inputs.data(), call.inputs.size(),
          output_names_.data(), call.outputs.size(), call.outputs.data()))) {
    refuse(*failed);
  }
}

void Session::refuse_device(const std::string& problem) const {
  throw_device(device_, "cannot run " + spec_.file + ": " + problem);
}

void Session::refuse(const Failure& failure) const {
  if (device_.kind == Device::Kind::cuda && !blames_graph(failure.code)) refuse_device(failure.message);
  throw ModelError(spec_.file + ": " + failure.message);
}

}  // namespace longplay::ort
