// The Python bindings: they only translate between C++ and Python. One file per part of the core.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <utility>
#include <vector>

#include "base/require.hpp"
#include "gil.hpp"

namespace longplay {

namespace py = pybind11;
using namespace pybind11::literals;

// NumPy takes ownership of the vector's memory without a copy.
template <typename T>
py::array_t<T> to_numpy(std::vector<T> values, std::vector<py::ssize_t> shape) {
  auto* owner = new std::vector<T>(std::move(values));
  const py::capsule free(owner, [](void* memory) { delete static_cast<std::vector<T>*>(memory); });
  return py::array_t<T>(std::move(shape), owner->data(), free);
}

void bind_score(py::module_& m);
void bind_tokenizer(py::module_& m);
void bind_sampling(py::module_& m);
void bind_model(py::module_& m);
void bind_generator(py::module_& m);
void bind_live(py::module_& m);
void bind_engine(py::module_& m);
void bind_sketch(py::module_& m);
void bind_originality(py::module_& m);

}  // namespace longplay
