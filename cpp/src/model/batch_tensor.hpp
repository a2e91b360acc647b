// Memory for one tensor of a model, a row for each row of the batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/model_config.hpp"
#include "model/ort/memory.hpp"

namespace longplay::ort {

class BatchTensor {
 public:
  BatchTensor(Memory memory, ElementType type, std::vector<std::int64_t> row_shape, int rows)
      : memory_(std::move(memory)), type_(type), shape_(std::move(row_shape)), row_bytes_(byte_size(type)) {
    for (const std::int64_t extent : shape_) row_bytes_ *= static_cast<std::size_t>(extent);
    shape_.insert(shape_.begin(), rows);
    data_ = memory_.allocate(row_bytes_ * static_cast<std::size_t>(rows));
  }

  // Valid only for memory that the host can access.
  std::span<std::byte> row(int index) { return {at(index), row_bytes_}; }
  template <typename T>
  std::span<T> row_as(int index) {
    return {reinterpret_cast<T*>(at(index)), row_bytes_ / sizeof(T)};
  }

  // Returns `count` rows from `first` on as a value of ONNX Runtime.
  Handle<OrtValue> value(int first, int count) {
    shape_[0] = count;
    return memory_.value(at(first), row_bytes_ * static_cast<std::size_t>(count), shape_, type_);
  }

 private:
  std::byte* at(int row) { return data_.get() + static_cast<std::size_t>(row) * row_bytes_; }

  Memory memory_;
  ElementType type_;
  std::vector<std::int64_t> shape_;
  std::size_t row_bytes_;
  std::shared_ptr<std::byte> data_;
};

}  // namespace longplay::ort
