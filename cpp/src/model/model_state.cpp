#include "model/model_state.hpp"

#include <algorithm>
#include <utility>

namespace longplay {
namespace {

std::vector<ort::BatchTensor> tensors(const ModelConfig& config, const ort::Memory& memory, int rows) {
  std::vector<ort::BatchTensor> made;
  for (const StateConfig& state : config.states) made.emplace_back(memory, state.type, state.shape, rows);
  return made;
}

}  // namespace

ModelState::ModelState(const ModelConfig& config, bool in_place, const ort::Memories& memories,
                       ort::Session& copier, int max_batch, const Stop& stop)
    : in_place_(in_place),
      copier_(&copier),
      zeros_(tensors(config, memories.stays, 1)),
      on_way_(tensors(config, memories.host, 1)),
      side_of_row_(static_cast<std::size_t>(max_batch), 0) {
  for (const StateConfig& state : config.states) row_bytes_ += state.row_bytes();
  for (std::size_t side = 0; side < (in_place ? 1U : 2U); ++side) {
    sides_[side] = tensors(config, memories.stays, max_batch);
  }
  for (ort::BatchTensor& part : on_way_) std::ranges::fill(part.row(0), std::byte{});
  copy(on_way_, 0, zeros_, 0);
  for (int row = 0; row < max_batch; ++row) {  // a tenth of a second and more for many rows of a large state
    stop.check();
    reset(row);
  }
  row_copies_ = 0;
}

void ModelState::copy(Tensors& from, int from_row, Tensors& to, int to_row) {
  if (from.empty()) return;
  std::vector<ort::Handle<OrtValue>> values;
  ort::Call call;
  for (std::size_t s = 0; s < from.size(); ++s) {
    call.inputs.push_back(values.emplace_back(from[s].value(from_row, 1)).get());
    call.outputs.push_back(values.emplace_back(to[s].value(to_row, 1)).get());
  }
  copier_->run(call);
  ++row_copies_;
}

void ModelState::gather(int rows) {
  for (int row = 0; row < rows; ++row) {
    auto& behind = side_of_row_[static_cast<std::size_t>(row)];
    if (behind == side_) continue;
    copy(sides_[behind], row, sides_[side_], row);
    behind = side_;
  }
}

void ModelState::advance(int rows) {
  if (in_place_) return;
  side_ = 1 - side_;
  std::fill_n(side_of_row_.begin(), rows, side_);
}

void ModelState::reset(int row) { copy(zeros_, 0, of(row), row); }

void ModelState::save(int row, std::span<std::byte> state) {
  copy(of(row), row, on_way_, 0);
  auto to = state.begin();
  for (ort::BatchTensor& part : on_way_) to = std::ranges::copy(part.row(0), to).out;
}

void ModelState::load(int row, std::span<const std::byte> state) {
  for (ort::BatchTensor& part : on_way_) {
    const std::span<std::byte> to = part.row(0);
    std::ranges::copy(state.first(to.size()), to.begin());
    state = state.subspan(to.size());
  }
  copy(on_way_, 0, of(row), row);
}

}  // namespace longplay
