#include <pybind11/native_enum.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "interruptible.hpp"
#include "model/model.hpp"

namespace longplay {
namespace {

using Ids = py::array_t<std::int64_t, py::array::c_style>;

// Ids of shape (batch, width).
std::size_t batch_of(const Ids& ids, const char* name, std::size_t width) {
  if (ids.ndim() != 2 || static_cast<std::size_t>(ids.shape(1)) != width) {
    refuse(std::string(name) + " must have shape (batch, " + std::to_string(width) + ")");
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

// Runs a step or a head, which Ctrl-C ends.
template <typename Call>
void run(Model& model, const Call& call) {
  interruptible(py::none(), [&](Stop& stop) {
    const Work work(stop);
    const Model::Stoppable stoppable(model, stop);
    call();
  });
}

py::array_t<float> step(Model& model, const Ids& events, const Ids& controls) {
  const std::size_t batch = batch_of(events, "events", model.config().fields.size());
  if (batch_of(controls, "controls", model.config().controls.size()) != batch) {
    refuse("controls must have as many rows as events, " + std::to_string(batch) + ", not " +
           std::to_string(controls.shape(0)));
  }
  const int rows = static_cast<int>(batch);
  for (int row = 0; row < rows; ++row) {
    const auto event = model.event(row);
    std::copy_n(events.data(row), event.size(), event.begin());
    const auto control = model.control(row);
    if (!control.empty()) std::copy_n(controls.data(row), control.size(), control.begin());
  }
  run(model, [&] { model.step(rows); });
  return logits(model, 0, rows);
}

py::array_t<float> head(Model& model, int field, const Ids& drawn) {
  const int rows = static_cast<int>(batch_of(drawn, "drawn", static_cast<std::size_t>(field)));
  for (int row = 0; row < rows; ++row) {
    for (int f = 0; f < field; ++f) model.choose(row, f, static_cast<std::int32_t>(drawn.at(row, f)));
  }
  run(model, [&] { model.head(field, rows); });
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

// The unit and the start of a vocabulary, as numbers of config.json; 0 for a missing one.
void bind_vocabulary(py::module_& m) {
  py::native_enum<Operation> operations(m, "Operation", "enum.Enum");
  for (std::size_t i = 0; i < kOperationNames.size(); ++i)
    operations.value(kOperationNames[i], static_cast<Operation>(i));
  operations.finalize();
  py::native_enum<Condition> conditions(m, "Condition", "enum.Enum");
  for (std::size_t i = 0; i < kConditionNames.size(); ++i)
    conditions.value(kConditionNames[i], static_cast<Condition>(i));
  conditions.finalize();
  using Operations = std::vector<std::pair<Operation, std::optional<std::int32_t>>>;
  using Names = std::vector<std::string>;
  py::class_<VocabularyType>(m, "VocabularyType")
      .def(py::init([](std::string name, const Operations& done, Names then, std::vector<Condition> only) {
             VocabularyType type{std::move(name), {}, std::move(then), std::move(only)};
             for (const auto& [kind, constant] : done) type.operations.push_back({kind, constant});
             return type;
           }),
           py::kw_only(), "name"_a, "operations"_a, "then"_a, "only"_a);
  py::native_enum<WordBoundary> boundaries(m, "WordBoundary", "enum.Enum");
  for (std::size_t i = 0; i < kWordBoundaryNames.size(); ++i)
    boundaries.value(kWordBoundaryNames[i], static_cast<WordBoundary>(i));
  boundaries.finalize();
  py::class_<PiecesConfig>(m, "PiecesConfig")
      .def(py::init([](std::vector<PiecesConfig::Piece> tokens, WordBoundary words,
                       std::vector<std::array<std::int32_t, 2>> merges, std::vector<double> scores) {
             return PiecesConfig{std::move(tokens), words, std::move(merges), std::move(scores)};
           }),
           py::kw_only(), "tokens"_a, "words"_a, "merges"_a, "scores"_a);
  py::class_<VocabularyConfig>(m, "VocabularyConfig")
      .def(py::init([](std::int32_t tick_ms, std::int32_t ticks_per_beat, std::int32_t beats_per_minute,
                       std::array<std::int32_t, 2> meter, bool scaled, std::int32_t velocity,
                       std::int32_t duration, std::int32_t program, std::int32_t tempo,
                       std::vector<VocabularyType> types, Names first,
                       const std::vector<std::pair<std::string, std::vector<std::int32_t>>>& tokens,
                       std::optional<PiecesConfig> pieces) {
             VocabularyConfig config{.tick_ms = tick_ms,
                                     .ticks_per_beat = ticks_per_beat,
                                     .beats_per_minute = beats_per_minute,
                                     .meter = meter,
                                     .scaled = scaled,
                                     .velocity = velocity,
                                     .duration = duration,
                                     .program = program,
                                     .tempo = tempo,
                                     .types = std::move(types),
                                     .first = std::move(first),
                                     .tokens = {},
                                     .pieces = std::move(pieces)};
             for (const auto& [type, values] : tokens) config.tokens.push_back({type, values});
             return config;
           }),
           py::kw_only(), "tick_ms"_a, "ticks_per_beat"_a, "beats_per_minute"_a, "meter"_a, "scaled"_a,
           "velocity"_a, "duration"_a, "program"_a, "tempo"_a, "types"_a, "first"_a, "tokens"_a, "pieces"_a);
}

void bind_config(py::module_& m) {
  bind_vocabulary(m);
  py::native_enum<ElementType>(m, "ElementType", "enum.Enum")
      .value("float32", ElementType::float32)
      .value("int32", ElementType::int32)
      .value("int64", ElementType::int64)
      .value("uint8", ElementType::uint8)
      .value("float16", ElementType::float16)
      .value("int8", ElementType::int8)
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
  py::class_<CriticConfig>(m, "CriticConfig")
      .def(py::init(
               [](std::int32_t events, std::int32_t phrase_ms) { return CriticConfig{events, phrase_ms}; }),
           py::kw_only(), "events"_a, "phrase_ms"_a);
  py::class_<ModelConfig>(m, "ModelConfig")
      .def(py::init([](std::string name, std::vector<FieldConfig> fields,
                       std::vector<std::int32_t> start_event, std::int32_t context_width,
                       std::vector<ControlConfig> controls, std::vector<StateConfig> states,
                       bool states_in_place, std::int32_t seed_events, std::optional<Edges> notes_per_second,
                       std::optional<CriticConfig> critic, std::optional<VocabularyConfig> vocabulary) {
             std::optional<Band> band;
             if (notes_per_second) band = Band{notes_per_second->first, notes_per_second->second};
             return ModelConfig{std::move(name), std::move(fields),    std::move(start_event),
                                context_width,   std::move(controls),  std::move(states),
                                states_in_place, seed_events,          band,
                                critic,          std::move(vocabulary)};
           }),
           py::kw_only(), "name"_a, "fields"_a, "start_event"_a, "context_width"_a, "controls"_a, "states"_a,
           "states_in_place"_a, "seed_events"_a, "notes_per_second"_a, "critic"_a, "vocabulary"_a)
      .def("validate", &ModelConfig::validate);
}

}  // namespace

void bind_model(py::module_& m) {
  bind_config(m);
  py::class_<Device>(m, "Device")
      .def_static(
          "cuda",
          [](int index, bool capture) {
            require_at_least("index", index, 0);
            return Device{Device::Kind::cuda, index, capture};
          },
          "index"_a, "capture"_a)
      .attr("cpu") = Device::cpu();

  py::class_<Runtime, std::shared_ptr<Runtime>>(m, "Runtime")
      .def(py::init<const std::string&, const std::string&>(), "library_path"_a, "kernels"_a = "")
      .def_property_readonly("version", &Runtime::version)
      .def_property_readonly("kernels", &Runtime::kernels)
      .def_static("usable_kernels", &Runtime::usable_kernels);

  py::class_<ModelFiles, std::shared_ptr<ModelFiles>>(m, "ModelFiles")
      .def(py::init([](const ModelConfig& config, const py::bytes& step, const std::vector<py::bytes>& heads,
                       const py::bytes& critic) {
             return std::make_shared<ModelFiles>(ModelFiles{
                 config, std::string(step), std::vector<std::string>(heads.begin(), heads.end()), critic});
           }),
           "config"_a, "step"_a, "heads"_a, "critic"_a);

  m.attr("MAX_BATCH") = Model::kMaxBatch;
  py::class_<Model>(m, "Model")
      .def(py::init([](const std::shared_ptr<Runtime>& runtime, const std::shared_ptr<ModelFiles>& files,
                       const Device& device, int max_batch) {
             return interruptible(py::none(), [&](Stop& stop) {
               const Work work(stop);
               return std::make_unique<Model>(runtime, files, device, max_batch, stop);
             });
           }),
           "runtime"_a, "files"_a, "device"_a, "max_batch"_a)
      .def("step", &step, py::arg("events").noconvert(), py::arg("controls").noconvert())
      .def("mark_seed", &Model::mark_seed, "row"_a, "is_seed"_a)
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
