// Model without ONNX Runtime: the linker takes it instead of cpp/src/model/model.cpp. Logits and states are
// hashes of a row's state, event and controls.
#include <cstring>
#include <utility>

#include "input.hpp"
#include "model/model.hpp"

namespace longplay {
namespace {

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 29;
}

struct Row {
  std::vector<std::int64_t> event, control;
  std::vector<std::vector<float>> logits;  // one per field
  std::vector<std::byte> state;
  bool is_seed = false;
  std::uint64_t hash = 0;
};

void fill(std::vector<float>& logits, std::uint64_t hash) {
  for (std::size_t id = 0; id < logits.size(); ++id)
    logits[id] = static_cast<float>(mixed(hash, id) % 1024) / 256;
}

}  // namespace

struct Model::Impl {
  std::shared_ptr<const ModelFiles> files;
  std::vector<Row> rows;

  Row& row(int index) { return rows.at(static_cast<std::size_t>(index)); }
};

Model::Model(std::shared_ptr<const Runtime>, std::shared_ptr<const ModelFiles> files, const Device&,
             int max_batch, Stop&)
    : impl_(new Impl{std::move(files), {}}) {
  const ModelConfig& config = impl_->files->config;
  config.validate();
  Row row;
  row.event.resize(config.fields.size());
  row.control.resize(config.controls.size());
  for (const FieldConfig& field : config.fields)
    row.logits.emplace_back(static_cast<std::size_t>(field.size));
  std::size_t bytes = 0;
  for (const StateConfig& state : config.states) bytes += state.row_bytes();
  row.state.resize(bytes);
  impl_->rows.assign(static_cast<std::size_t>(max_batch), row);
}

Model::~Model() = default;

Model::Stoppable::Stoppable(Model&, Stop&) {}

const ModelConfig& Model::config() const { return impl_->files->config; }
int Model::max_batch() const { return static_cast<int>(impl_->rows.size()); }
std::span<std::int64_t> Model::event(int row) { return impl_->row(row).event; }
std::span<std::int64_t> Model::control(int row) { return impl_->row(row).control; }
void Model::mark_seed(int row, bool is_seed) { impl_->row(row).is_seed = is_seed; }

void Model::step(int batch) {
  for (int index = 0; index < batch; ++index) {
    Row& row = impl_->row(index);
    for (std::size_t f = 0; f < row.event.size(); ++f) {
      require(row.event[f] >= 0 && row.event[f] <= config().fields[f].size);
      row.hash = mixed(row.hash, static_cast<std::uint64_t>(row.event[f]));
    }
    for (std::size_t c = 0; c < row.control.size(); ++c) {
      require(row.control[c] >= 0 && row.control[c] < config().controls[c].size);
      row.hash = mixed(row.hash, static_cast<std::uint64_t>(row.control[c]));
    }
    row.hash = mixed(row.hash, row.is_seed ? 1 : 0);
    for (std::size_t at = 0; at + 4 <= row.state.size(); at += 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, row.state.data() + at, 4);
      row.hash = mixed(row.hash, word);
      const auto number = static_cast<float>(row.hash % 2048);
      std::memcpy(row.state.data() + at, &number, 4);
    }
    fill(row.logits[0], row.hash);
  }
}

void Model::choose(int row, int field, std::int32_t id) {
  require(id >= 0 && id < config().fields.at(static_cast<std::size_t>(field)).size);
  impl_->row(row).hash = mixed(impl_->row(row).hash, static_cast<std::uint64_t>(id));
}

void Model::head(int field, int batch) {
  for (int index = 0; index < batch; ++index)
    fill(impl_->row(index).logits.at(static_cast<std::size_t>(field)), impl_->row(index).hash);
}

std::span<const float> Model::logits(int field, int row) const {
  return impl_->row(row).logits.at(static_cast<std::size_t>(field));
}

std::size_t Model::state_bytes() const { return impl_->rows.front().state.size(); }

void Model::reset(int row) {
  impl_->row(row).hash = 0;
  impl_->row(row).state.assign(state_bytes(), std::byte{});
}

void Model::save(int row, std::span<std::byte> state) const {
  require(state.size() == state_bytes());
  std::memcpy(state.data(), impl_->row(row).state.data(), state.size());
}

void Model::load(int row, std::span<const std::byte> state) {
  require(state.size() == state_bytes());
  impl_->row(row).hash = 0;
  impl_->row(row).state.assign(state.begin(), state.end());
}

std::uint64_t Model::row_copies() const { return 0; }
double Model::run_seconds() const { return 0; }
double Model::step_seconds() const { return 0; }

}  // namespace longplay
