// Memory for one tensor of a model, a row for each row of the batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ort_session.hpp"

namespace longplay::ort {

class BatchTensor {
 public:
  BatchTensor(ElementType type, std::vector<std::int64_t> row_shape, int max_batch)
      : type_(type), shape_(std::move(row_shape)), row_bytes_(byte_size(type)) {
    for (const std::int64_t extent : shape_) row_bytes_ *= static_cast<std::size_t>(extent);
    shape_.insert(shape_.begin(), max_batch);
    memory_.resize((row_bytes_ * static_cast<std::size_t>(max_batch) + sizeof(Line) - 1) / sizeof(Line));
  }

  std::span<std::byte> row(int row) {
    auto* const bytes = reinterpret_cast<std::byte*>(memory_.data());
    return {bytes + static_cast<std::size_t>(row) * row_bytes_, row_bytes_};
  }
  template <typename T>
  std::span<T> row_as(int index) {
    const std::span<std::byte> bytes = row(index);
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  // The first `batch` rows as ONNX Runtime takes them.
  Handle<OrtValue> value(const Library& library, int batch) {
    shape_[0] = batch;
    OrtValue* raw = nullptr;
    library.expect(library.api().CreateTensorWithDataAsOrtValue(
        library.cpu_memory(), memory_.data(), row_bytes_ * static_cast<std::size_t>(batch), shape_.data(),
        shape_.size(), element_type(type_), &raw));
    return {raw, library.api().ReleaseValue};
  }

 private:
  struct alignas(64) Line {  // as wide as the widest vector registers
    std::byte bytes[64];
  };

  ElementType type_;
  std::vector<std::int64_t> shape_;
  std::size_t row_bytes_;
  std::vector<Line> memory_;
};

}  // namespace longplay::ort
