#include "model_state.hpp"

#include <algorithm>

namespace longplay {

ModelState::ModelState(const ModelConfig& config, int max_batch)
    : in_place_(config.states_in_place), side_of_row_(static_cast<std::size_t>(max_batch), 0) {
  for (const StateConfig& state : config.states) {
    row_bytes_ += state.row_bytes();
    sides_[0].emplace_back(state.type, state.shape, max_batch);
    if (!in_place_) sides_[1].emplace_back(state.type, state.shape, max_batch);
  }
}

void ModelState::gather(int rows) {
  for (int row = 0; row < rows; ++row) {
    auto& behind = side_of_row_[static_cast<std::size_t>(row)];
    if (behind == side_) continue;
    for (std::size_t s = 0; s < sides_[side_].size(); ++s) {
      std::ranges::copy(sides_[behind][s].row(row), sides_[side_][s].row(row).begin());
    }
    behind = side_;
  }
}

void ModelState::advance(int rows) {
  if (in_place_) return;
  side_ = 1 - side_;
  std::fill_n(side_of_row_.begin(), rows, side_);
}

void ModelState::reset(int row) {
  for (ort::BatchTensor& state : of(row)) std::ranges::fill(state.row(row), std::byte{});
}

void ModelState::save(int row, std::span<std::byte> state) {
  auto to = state.begin();
  for (ort::BatchTensor& part : of(row)) to = std::ranges::copy(part.row(row), to).out;
}

void ModelState::load(int row, std::span<const std::byte> state) {
  for (ort::BatchTensor& part : of(row)) {
    const std::span<std::byte> to = part.row(row);
    std::ranges::copy(state.first(to.size()), to.begin());
    state = state.subspan(to.size());
  }
}

}  // namespace longplay
