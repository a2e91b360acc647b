// The states of a model's rows, between its steps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/stop.hpp"
#include "model/batch_tensor.hpp"
#include "model/model_config.hpp"
#include "model/ort/session.hpp"

namespace longplay {

// The states stay in the memory of the device, where steps read and write them. In-place states have one
// buffer (side). Other states have two: a step reads one side and writes the other. A row that skips a step
// stays on its side; `gather` copies it before its next step.
class ModelState {
 public:
  // `copier` runs the copy_graph of the states. It must outlive this object.
  ModelState(const ModelConfig& config, bool in_place, const ort::Memories& memories, ort::Session& copier,
             int max_batch, const Stop& stop);

  // Memory of every state on a side.
  std::vector<ort::BatchTensor>& on(std::size_t side) { return sides_[in_place_ ? 0 : side]; }
  // The side that the next step reads.
  std::size_t side() const { return side_; }

  // Call these before and after a step of the first `rows` rows.
  void gather(int rows);
  void advance(int rows);

  std::size_t row_bytes() const { return row_bytes_; }
  void reset(int row);
  void save(int row, std::span<std::byte> state);
  void load(int row, std::span<const std::byte> state);

  // Counts the copies of row states.
  std::uint64_t row_copies() const { return row_copies_; }

 private:
  using Tensors = std::vector<ort::BatchTensor>;

  Tensors& of(int row) { return sides_[side_of_row_[static_cast<std::size_t>(row)]]; }
  void copy(Tensors& from, int from_row, Tensors& to, int to_row);

  bool in_place_;
  ort::Session* copier_;
  std::array<Tensors, 2> sides_;
  Tensors zeros_;   // one row, in the memory of the states
  Tensors on_way_;  // one row, on the host
  std::size_t side_ = 0;
  std::vector<std::size_t> side_of_row_;
  std::size_t row_bytes_ = 0;
  std::uint64_t row_copies_ = 0;
};

}  // namespace longplay
