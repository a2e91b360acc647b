// The states of a model's rows, between its steps.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "batch_tensor.hpp"
#include "longplay/model_config.hpp"

namespace longplay {

// In place there is one side. Otherwise a step reads the states on one side and writes them on the
// other; a row that takes no part in it stays behind until it does again.
class ModelState {
 public:
  ModelState(const ModelConfig& config, int max_batch);

  // Memory of every state on a side.
  std::vector<ort::BatchTensor>& on(std::size_t side) { return sides_[in_place_ ? 0 : side]; }
  // The side that the next step reads.
  std::size_t side() const { return side_; }

  // Around a step of the first `rows` rows.
  void gather(int rows);
  void advance(int rows);

  std::size_t row_bytes() const { return row_bytes_; }
  void reset(int row);
  void save(int row, std::span<std::byte> state);
  void load(int row, std::span<const std::byte> state);

 private:
  std::vector<ort::BatchTensor>& of(int row) { return sides_[side_of_row_[static_cast<std::size_t>(row)]]; }

  bool in_place_;
  std::array<std::vector<ort::BatchTensor>, 2> sides_;
  std::size_t side_ = 0;
  std::vector<std::size_t> side_of_row_;
  std::size_t row_bytes_ = 0;
};

}  // namespace longplay
