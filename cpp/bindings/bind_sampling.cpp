#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "events/random.hpp"
#include "events/sampling.hpp"

namespace longplay {
namespace {

using Floats = py::array_t<float, py::array::c_style>;

py::str repr(const SamplingParams& params) {
  return py::str("SamplingParams(temperature={}, top_k={}, top_p={}, min_p={})")
      .format(params.temperature, params.top_k, params.top_p, params.min_p);
}

std::span<const float> flat(const std::optional<Floats>& array, std::size_t size) {
  if (!array) return {};
  if (array->ndim() != 1 || static_cast<std::size_t>(array->size()) != size)
    refuse("bias must have shape (" + std::to_string(size) + ",), one number per id");
  return {array->data(), size};
}

py::tuple sample_batch(const Floats& logits, const SamplingParams& params, std::uint64_t random_seed,
                       std::uint64_t step, std::uint32_t field, std::uint32_t first_candidate,
                       const std::optional<Floats>& bias) {
  if (logits.ndim() != 2 || logits.shape(1) < 1 ||
      static_cast<std::size_t>(logits.shape(1)) > Sampler::kMaxSize)
    refuse("logits must have shape (batch, size) with size in [1, 2**20]");
  const auto batch = static_cast<std::size_t>(logits.shape(0));
  const auto size = static_cast<std::size_t>(logits.shape(1));
  if (batch > std::uint64_t{std::numeric_limits<std::uint32_t>::max()} - first_candidate + 1)
    refuse("first_candidate + batch must be at most 2**32");
  const float* const rows = logits.data();
  const std::span<const float> biases = flat(bias, size);
  std::vector<std::int32_t> ids(batch);
  std::vector<float> log_probabilities(batch);
  {
    const ReleasedGil nogil;  // no Python object is touched until this scope ends
    Sampler sampler(size);
    for (std::size_t row = 0; row < batch; ++row) {
      const auto candidate = static_cast<std::uint32_t>(first_candidate + row);
      const Draw drawn = sampler.draw({rows + row * size, size}, biases, params,
                                      uniform(random_seed, candidate, step, field));
      ids[row] = drawn.id;
      log_probabilities[row] = drawn.log_probability;
    }
  }
  const std::vector<py::ssize_t> shape{logits.shape(0)};
  return py::make_tuple(to_numpy(std::move(ids), shape), to_numpy(std::move(log_probabilities), shape));
}

constexpr const char* kParamsDoc = R"(How ids are drawn from logits. Immutable.

The filters run in the order of the parameters, and each one sees the renormalised probabilities
that the one before it kept. The meanings are those of Hugging Face and vLLM. Every value has a
meaning here; `longplay.settings` declares which ones a user may choose.

Parameters
----------
temperature : float
    Divides the logits. A value not above 0 takes the likeliest id and ignores the filters.
top_k : int
    Keeps the k likeliest ids. A value not above 0 keeps all.
top_p : float
    Keeps the fewest ids whose probabilities reach top_p, at least one [1]_. A value not below 1 keeps
    all.
min_p : float
    Drops ids below min_p times the highest probability [2]_. 1 and above keep only the likeliest.

References
----------
.. [1] Holtzman et al., "The Curious Case of Neural Text Degeneration", ICLR 2020.
.. [2] Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM
   Outputs", ICLR 2025.
)";

constexpr const char* kSampleBatchDoc = R"(Draw one id from every row of a batch.

Row i is drawn with ``uniform(random_seed, first_candidate + i, step, field)``, so the other rows of
the batch do not change it.

Parameters
----------
logits : float32 array, shape (batch, size)
    Unnormalised log-probabilities; -inf forbids an id.
params : SamplingParams
random_seed, step : int
    In [0, 2**64).
field, first_candidate : int
    In [0, 2**32).
bias : float32 array, shape (size,), or None
    Added to every row of logits; -inf forbids an id.

Returns
-------
ids : int32 array, shape (batch,)
log_probabilities : float32 array, shape (batch,)
    In nats, under softmax(logits): before bias, temperature and filters.

Raises
------
ValueError
    An array has another shape, or the candidates do not fit in 32 bits.
Error
    A row, with its bias, holds NaN or +inf, or forbids every id.
)";

}  // namespace

void bind_sampling(py::module_& m) {
  py::class_<SamplingParams>(m, "SamplingParams", kParamsDoc)
      .def(py::init([](double temperature, int top_k, double top_p, double min_p) {
             return SamplingParams{temperature, top_k, top_p, min_p};
           }),
           py::kw_only(), "temperature"_a, "top_k"_a, "top_p"_a, "min_p"_a)
      .def_readonly("temperature", &SamplingParams::temperature)
      .def_readonly("top_k", &SamplingParams::top_k)
      .def_readonly("top_p", &SamplingParams::top_p)
      .def_readonly("min_p", &SamplingParams::min_p)
      .def(
          "__eq__", [](const SamplingParams& a, const SamplingParams& b) { return a == b; },
          py::is_operator())
      .def("__hash__",
           [](const SamplingParams& p) {
             return py::hash(py::make_tuple(p.temperature, p.top_k, p.top_p, p.min_p));
           })
      .def("__repr__", &repr);

  m.attr("SAMPLING_OFF") = kSamplingOff;

  // noconvert: a float64 or int array is a mistake upstream, not something to cast in silence.
  m.def("sample_batch", &sample_batch, py::arg("logits").noconvert(), "params"_a, py::kw_only(),
        "random_seed"_a, "step"_a, "field"_a, "first_candidate"_a, py::arg("bias").noconvert().none(true),
        kSampleBatchDoc);
  m.def("uniform", &uniform, py::kw_only(), "random_seed"_a, "candidate"_a, "event"_a, "field"_a,
        "The number in [0, 1) with which a candidate draws one field of one of its events.");
}

}  // namespace longplay
