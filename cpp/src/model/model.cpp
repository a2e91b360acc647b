#include "model/model.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/require.hpp"
#include "model/batch_tensor.hpp"
#include "model/copy_graph.hpp"
#include "model/model_state.hpp"
#include "model/ort/run_options.hpp"
#include "model/ort/session.hpp"
#include "model/runtime.hpp"

namespace longplay {
namespace {

using ort::BatchTensor;
using ort::Call;
using ort::GraphSpec;
using ort::Handle;
using ort::RunOptions;
using ort::Session;

std::int64_t count(std::size_t number) { return static_cast<std::int64_t>(number); }

// A graph may accept an id out of range: for Gather, -1 is the last row.
void expect_id(const std::string& name, int row, std::int64_t id, std::int32_t highest) {
  if (id < 0 || id > highest)
    refuse_range<std::int64_t>(name + " of row " + std::to_string(row), id, 0, highest);
}

GraphSpec step_spec(const ModelConfig& config) {
  GraphSpec spec{.file = "step.onnx", .inputs = {}, .outputs = {}};
  spec.inputs.push_back({"event", ElementType::int64, {count(config.fields.size())}});
  if (!config.controls.empty()) {
    spec.inputs.push_back({"control", ElementType::int64, {count(config.controls.size())}});
  }
  if (config.seed_events > 0) spec.inputs.push_back({"seed", ElementType::int64, {1}});
  spec.outputs.push_back({"logits", ElementType::float32, {config.fields[0].size}});
  if (config.fields.size() > 1) {
    spec.outputs.push_back({"context", ElementType::float32, {config.context_width}});
  }
  for (const StateConfig& state : config.states) {
    spec.inputs.push_back({state.input, state.type, state.shape});
    spec.outputs.push_back({state.output, state.type, state.shape});
  }
  return spec;
}

GraphSpec head_spec(const ModelConfig& config, std::size_t field) {
  return {.file = "head_" + std::to_string(field) + ".onnx",
          .inputs = {{"context", ElementType::float32, {config.context_width}},
                     {"drawn", ElementType::int64, {count(field)}}},
          .outputs = {{"logits", ElementType::float32, {config.fields[field].size}}}};
}

const ModelConfig& validated(const ModelFiles& files) {
  files.config.validate();
  const std::size_t heads = files.config.fields.size() - 1;
  if (files.heads.size() < heads) {
    throw ModelError("head_" + std::to_string(files.heads.size() + 1) + ".onnx is missing");
  }
  if (files.heads.size() > heads) {
    throw ModelError("head_" + std::to_string(heads + 1) + ".onnx has no field in config.json");
  }
  return files.config;
}

Session open_copier(const ort::Library& library, Device device, const ModelConfig& config) {
  device.capture = false;
  GraphSpec spec = ort::copy_spec(config.states);
  const std::string bytes = ort::copy_graph(spec);
  return {library, device, bytes, std::move(spec)};
}

// The tensors of all graphs, as values over the first rows of their memory.
struct Batch {
  std::vector<Handle<OrtValue>> values;
  std::array<Call, 2> step;  // by the side that the state is read from
  std::vector<Call> heads;   // of field 1 first
};

}  // namespace

struct Model::Impl {
  Impl(std::shared_ptr<const Runtime> owned_runtime, const ort::Library& opened,
       std::shared_ptr<const ModelFiles> owned_files, const Device& device, int rows, const Stop& stop);

  BatchTensor travelling(ElementType type, std::int64_t width) const;
  const OrtRunOptions* options(int rows, std::size_t side) const;
  Batch& batch(int rows);
  double run(Session& session, Call& call);  // seconds
  void expect_row(int row) const { require_range("row", row, 0, max_batch - 1); }
  void expect_field(int field, int lowest) const {
    require_range<std::int64_t>("field", field, lowest, count(heads.size()));
  }
  void expect_state(std::size_t bytes) const;
  void try_out();

  std::shared_ptr<const Runtime> runtime;
  const ort::Library& library;
  std::shared_ptr<const ModelFiles> files;
  const ModelConfig& config;
  int max_batch;

  Session copier;  // opened first, so that it reports an unavailable device
  ort::Memories memories;
  Session step;
  std::vector<Session> heads;  // of field 1 first
  RunOptions run_options;

  BatchTensor event, control, seed, context;
  std::vector<BatchTensor> drawn;   // before field 1, before field 2, ...
  std::vector<BatchTensor> logits;  // one per field
  ModelState state;

  std::vector<std::unique_ptr<Batch>> batches;  // by number of rows; made when first needed
  std::uint64_t copies_before = 0;
  double run_seconds = 0;
  double step_seconds = 0;  // of these, in step.onnx
};

Model::Impl::Impl(std::shared_ptr<const Runtime> owned_runtime, const ort::Library& opened,
                  std::shared_ptr<const ModelFiles> owned_files, const Device& device, int rows,
                  const Stop& stop)
    : runtime(std::move(owned_runtime)),
      library(opened),
      files(std::move(owned_files)),
      config(validated(*files)),
      max_batch(rows),
      copier(open_copier(library, device, config)),
      memories(memories_of(copier, device)),
      step(library, device, files->step, step_spec(config)),
      run_options(library, device.capture),
      event(travelling(ElementType::int64, count(config.fields.size()))),
      control(travelling(ElementType::int64, count(config.controls.size()))),
      seed(travelling(ElementType::int64, 1)),
      context(memories.stays, ElementType::float32, {config.context_width}, rows),
      // To capture a step, the runtime runs it several times, so it must not overwrite the state that it
      // reads.
      state(config, config.states_in_place && !device.capture, memories, copier, rows, stop),
      batches(static_cast<std::size_t>(rows) + 1) {
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    logits.push_back(travelling(ElementType::float32, config.fields[f].size));
    if (f == 0) continue;
    stop.check();
    heads.emplace_back(library, device, files->heads[f - 1], head_spec(config, f));
    drawn.push_back(travelling(ElementType::int64, count(f)));
  }
}

BatchTensor Model::Impl::travelling(ElementType type, std::int64_t width) const {
  BatchTensor tensor(memories.travels, type, {width}, max_batch);
  for (int row = 0; row < max_batch; ++row) std::ranges::fill(tensor.row(row), std::byte{});
  return tensor;
}

// Only the batch of all rows is captured, since a pool of workers uses all rows until its queue is empty.
const OrtRunOptions* Model::Impl::options(int rows, std::size_t side) const {
  return rows == max_batch ? run_options.captured(side) : run_options.plain();
}

Batch& Model::Impl::batch(int rows) {
  require_range("batch", rows, 1, max_batch);
  auto& kept = batches[static_cast<std::size_t>(rows)];
  if (kept) return *kept;
  auto made = std::make_unique<Batch>();
  const auto value = [&](BatchTensor& tensor) {
    return made->values.emplace_back(tensor.value(0, rows)).get();
  };
  OrtValue* const context_value = heads.empty() ? nullptr : value(context);
  Call call{.inputs = {value(event)}, .outputs = {value(logits[0])}};
  if (!config.controls.empty()) call.inputs.push_back(value(control));
  if (config.seed_events > 0) call.inputs.push_back(value(seed));
  if (context_value) call.outputs.push_back(context_value);
  made->step = {call, call};
  for (std::size_t side : {0U, 1U}) made->step[side].options = options(rows, side);
  for (std::size_t s = 0; s < config.states.size(); ++s) {
    // In place, both are the same memory.
    const std::array<OrtValue*, 2> sides{value(state.on(0)[s]), value(state.on(1)[s])};
    for (std::size_t from : {0U, 1U}) {
      made->step[from].inputs.push_back(sides[from]);
      made->step[from].outputs.push_back(sides[1 - from]);
    }
  }
  for (std::size_t h = 0; h < heads.size(); ++h) {
    made->heads.push_back({.inputs = {context_value, value(drawn[h])},
                           .outputs = {value(logits[h + 1])},
                           .options = options(rows, 0)});
  }
  kept = std::move(made);
  return *kept;
}

double Model::Impl::run(Session& session, Call& call) {
  const auto start = std::chrono::steady_clock::now();
  try {
    session.run(call);
  } catch (const Error&) {
    if (run_options.ended()) throw Cancelled();
    throw;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  run_seconds += seconds;
  return seconds;
}

void Model::Impl::expect_state(std::size_t bytes) const {
  if (bytes == state.row_bytes()) return;
  refuse("state must have " + std::to_string(state.row_bytes()) + " bytes", bytes);
}

// Runs one step. So errors in parts that a graph does not declare are found at load, and CUDA graphs are
// captured.
void Model::Impl::try_out() {
  const bool capture = run_options.captures();
  const int rows = capture ? max_batch : std::min(2, max_batch);
  for (int row = 0; row < rows; ++row) {
    std::ranges::copy(config.start_event, event.row_as<std::int64_t>(row).begin());
    std::ranges::transform(config.controls, control.row_as<std::int64_t>(row).begin(),
                           &ControlConfig::unknown);
  }
  Batch& values = batch(rows);
  for (std::size_t side = 0; side < (capture ? 2U : 1U); ++side) run(step, values.step[side]);
  for (std::size_t h = 0; h < heads.size(); ++h) run(heads[h], values.heads[h]);
  for (int row = 0; row < rows; ++row) state.reset(row);
  copies_before = state.row_copies();
  run_seconds = 0;
}

Model::Model(std::shared_ptr<const Runtime> runtime, std::shared_ptr<const ModelFiles> files,
             const Device& device, int max_batch, Stop& stop) {
  require_range("max_batch", max_batch, 1, kMaxBatch);
  const ort::Library& library = runtime->impl_->library;
  stop.check();
  impl_ = std::make_unique<Impl>(std::move(runtime), library, std::move(files), device, max_batch, stop);
  const Stoppable stoppable(*this, stop);
  impl_->try_out();
}

// A forked child cannot free the objects of ONNX Runtime, which wait for threads that the child lacks.
Model::~Model() {
  if (!process_.is_current()) static_cast<void>(impl_.release());
}

Model::Stoppable::Stoppable(Model& model, Stop& stop) {
  RunOptions& options = model.impl_->run_options;
  options.allow_calls();
  action_.emplace(stop, [&options] { options.end_calls(); });
}

const ModelConfig& Model::config() const { return impl_->config; }

int Model::max_batch() const { return impl_->max_batch; }

std::span<std::int64_t> Model::event(int row) {
  impl_->expect_row(row);
  return impl_->event.row_as<std::int64_t>(row);
}

std::span<std::int64_t> Model::control(int row) {
  impl_->expect_row(row);
  return impl_->control.row_as<std::int64_t>(row);
}

void Model::mark_seed(int row, bool is_seed) {
  impl_->expect_row(row);
  impl_->seed.row_as<std::int64_t>(row)[0] = is_seed ? 1 : 0;
}

void Model::step(int batch) {
  Batch& values = impl_->batch(batch);
  const ModelConfig& config = impl_->config;
  for (int row = 0; row < batch; ++row) {
    const auto ids = impl_->event.row_as<std::int64_t>(row);
    for (std::size_t f = 0; f < ids.size(); ++f) {
      expect_id(config.fields[f].name, row, ids[f], config.fields[f].size);
    }
    const auto controls = impl_->control.row_as<std::int64_t>(row);
    for (std::size_t c = 0; c < controls.size(); ++c) {
      expect_id(config.controls[c].name, row, controls[c], config.controls[c].size - 1);
    }
  }
  impl_->state.gather(batch);
  impl_->step_seconds += impl_->run(impl_->step, values.step[impl_->state.side()]);
  impl_->state.advance(batch);
}

void Model::choose(int row, int field, std::int32_t id) {
  impl_->expect_row(row);
  impl_->expect_field(field, 0);
  const auto f = static_cast<std::size_t>(field);
  expect_id(impl_->config.fields[f].name, row, id, impl_->config.fields[f].size - 1);
  for (std::size_t h = f; h < impl_->drawn.size(); ++h) impl_->drawn[h].row_as<std::int64_t>(row)[f] = id;
}

void Model::head(int field, int batch) {
  impl_->expect_field(field, 1);
  const auto h = static_cast<std::size_t>(field) - 1;
  impl_->run(impl_->heads[h], impl_->batch(batch).heads[h]);
}

std::span<const float> Model::logits(int field, int row) const {
  impl_->expect_row(row);
  impl_->expect_field(field, 0);
  return impl_->logits[static_cast<std::size_t>(field)].row_as<float>(row);
}

std::size_t Model::state_bytes() const { return impl_->state.row_bytes(); }

void Model::reset(int row) {
  impl_->expect_row(row);
  impl_->state.reset(row);
}

void Model::save(int row, std::span<std::byte> state) const {
  impl_->expect_row(row);
  impl_->expect_state(state.size());
  impl_->state.save(row, state);
}

void Model::load(int row, std::span<const std::byte> state) {
  impl_->expect_row(row);
  impl_->expect_state(state.size());
  impl_->state.load(row, state);
}

std::uint64_t Model::row_copies() const { return impl_->state.row_copies() - impl_->copies_before; }

double Model::run_seconds() const { return impl_->run_seconds; }

double Model::step_seconds() const { return impl_->step_seconds; }

}  // namespace longplay
