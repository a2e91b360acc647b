#include <pybind11/native_enum.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/process.hpp"
#include "bindings.hpp"
#include "model/model.hpp"

namespace longplay {
namespace {

using Ids = py::array_t<std::int64_t, py::array::c_style>;

// Ids of shape (batch, width).
std::size_t batch_of(const Ids& ids, const char* name, std::size_t width) {
  if (ids.ndim() != 2 || static_cast<std::size_t>(ids.shape(1)) != width) {
    throw py::value_error(std::string(name) + " must have shape (batch, " + std::to_string(width) + ")");
  }
  return static_cast<std::size_t>(ids.shape(0));
}

py::array_t<float> logits(const Model& model, int field, int batch) {
  const auto size = static_cast<std::size_t>(model.config().fields[static_cast<std::size_t>(field)].size);
  std::vector<float> rows;
  rows.reserve(static_cast<std::size_t>(batch) * size);
  for (int row = 0; row < batch; ++row) {
    const auto one = model.logits(field, row);
    rows.insert(rows.end(), one.begin(), one.end());
  }
  return to_numpy(std::move(rows), {batch, static_cast<py::ssize_t>(size)});
}

py::array_t<float> step(Model& model, const Ids& events, const Ids& controls) {
  const std::size_t batch = batch_of(events, "events", model.config().fields.size());
  if (batch_of(controls, "controls", model.config().controls.size()) != batch) {
    throw py::value_error("controls must have as many rows as events, " + std::to_string(batch) + ", not " +
                          std::to_string(controls.shape(0)));
  }
  const int rows = static_cast<int>(batch);
  for (int row = 0; row < rows; ++row) {
    const auto event = model.event(row);
    std::copy_n(events.data(row), event.size(), event.begin());
    const auto control = model.control(row);
    if (!control.empty()) std::copy_n(controls.data(row), control.size(), control.begin());
  }
  {
    const ReleasedGil nogil;
    const Work work;
    model.step(rows);
  }
  return logits(model, 0, rows);
}

py::array_t<float> head(Model& model, int field, const Ids& drawn) {
  const int rows = static_cast<int>(batch_of(drawn, "drawn", static_cast<std::size_t>(field)));
  for (int row = 0; row < rows; ++row) {
    for (int f = 0; f < field; ++f) model.choose(row, f, static_cast<std::int32_t>(drawn.at(row, f)));
  }
  {
    const ReleasedGil nogil;
    const Work work;
    model.head(field, rows);
  }
  return logits(model, field, rows);
}

py::bytes save(const Model& model, int row) {
  std::vector<std::byte> state(model.state_bytes());
  model.save(row, state);
  return {reinterpret_cast<const char*>(state.data()), state.size()};
}

void load(Model& model, int row, const py::bytes& state) {
  const std::string_view bytes = state;
  model.load(row, std::as_bytes(std::span(bytes)));
}

using Edges = std::pair<double, double>;

Band band(const Edges& edges) { return {edges.first, edges.second}; }

void bind_config(py::module_& m) {
  py::native_enum<ElementType>(m, "ElementType", "enum.Enum")
      .value("float32", ElementType::float32)
      .value("int32", ElementType::int32)
      .value("int64", ElementType::int64)
      .value("uint8", ElementType::uint8)
      .finalize();
  py::class_<FieldConfig>(m, "FieldConfig")
      .def(py::init([](std::string name, std::int32_t size, std::vector<std::int32_t> values) {
             return FieldConfig{std::move(name), size, std::move(values)};
           }),
           py::kw_only(), "name"_a, "size"_a, "values"_a);
  py::class_<ControlConfig>(m, "ControlConfig")
      .def(py::init([](std::string name, std::int32_t size, std::int32_t unknown,
                       std::vector<std::int32_t> bounds, std::vector<std::string> names) {
             return ControlConfig{std::move(name), size, unknown, std::move(bounds), std::move(names)};
           }),
           py::kw_only(), "name"_a, "size"_a, "unknown"_a, "bounds"_a, "names"_a);
  py::class_<StateConfig>(m, "StateConfig")
      .def(py::init(
               [](std::string input, std::string output, ElementType type, std::vector<std::int64_t> shape) {
                 return StateConfig{std::move(input), std::move(output), type, std::move(shape)};
               }),
           py::kw_only(), "input"_a, "output"_a, "type"_a, "shape"_a);
  py::class_<Bands>(m, "Bands")
      .def(py::init([](Edges notes_per_second, Edges mean_pitch, Edges distinct_pitches,
                       Edges velocity_spread, Edges pitch_class_entropy) {
             return Bands{band(notes_per_second), band(mean_pitch), band(distinct_pitches),
                          band(velocity_spread), band(pitch_class_entropy)};
           }),
           py::kw_only(), "notes_per_second"_a, "mean_pitch"_a, "distinct_pitches"_a, "velocity_spread"_a,
           "pitch_class_entropy"_a);
  py::class_<ModelConfig>(m, "ModelConfig")
      .def(py::init([](std::string name, std::vector<FieldConfig> fields,
                       std::vector<std::int32_t> start_event, std::int32_t context_width,
                       std::vector<ControlConfig> controls, std::vector<StateConfig> states,
                       bool states_in_place, std::optional<Bands> bands) {
             return ModelConfig{std::move(name),     std::move(fields), std::move(start_event), context_width,
                                std::move(controls), std::move(states), states_in_place,        bands};
           }),
           py::kw_only(), "name"_a, "fields"_a, "start_event"_a, "context_width"_a, "controls"_a, "states"_a,
           "states_in_place"_a, "bands"_a = py::none())
      .def("validate", &ModelConfig::validate);
}

}  // namespace

void bind_model(py::module_& m) {
  bind_config(m);
  py::class_<Device>(m, "Device")
      .def_static(
          "cuda",
          [](int index, bool capture) {
            if (index < 0) {
              throw py::value_error("index must be at least 0, not " + std::to_string(index));
            }
            return Device{Device::Kind::cuda, index, capture};
          },
          "index"_a = 0, "capture"_a = false)
      .attr("cpu") = Device{};

  py::class_<Runtime, std::shared_ptr<Runtime>>(m, "Runtime")
      .def(py::init<const std::string&>(), "library_path"_a)
      .def_property_readonly("version", &Runtime::version)
      .def_static("kernels", &Runtime::kernels);

  py::class_<ModelFiles, std::shared_ptr<ModelFiles>>(m, "ModelFiles")
      .def(
          py::init([](const ModelConfig& config, const py::bytes& step, const std::vector<py::bytes>& heads) {
            return std::make_shared<ModelFiles>(
                ModelFiles{config, std::string(step), std::vector<std::string>(heads.begin(), heads.end())});
          }),
          "config"_a, "step"_a, "heads"_a);

  m.attr("MAX_BATCH") = Model::kMaxBatch;
  py::class_<Model>(m, "Model")
      .def(py::init<std::shared_ptr<Runtime>, std::shared_ptr<ModelFiles>, const Device&, int>(), "runtime"_a,
           "files"_a, "device"_a, "max_batch"_a, py::call_guard<ReleasedGil>())
      .def("step", &step, py::arg("events").noconvert(), py::arg("controls").noconvert())
      .def("head", &head, "field"_a, py::arg("drawn").noconvert())
      .def("reset", &Model::reset, "row"_a)
      .def("save", &save, "row"_a)
      .def("load", &load, "row"_a, "state"_a)
      .def_property_readonly("state_bytes", &Model::state_bytes)
      .def_property_readonly("max_batch", &Model::max_batch)
      .def_property_readonly("row_copies", &Model::row_copies)
      .def_property_readonly("run_seconds", &Model::run_seconds);
}

}  // namespace longplay
