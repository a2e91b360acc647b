// Values <-> bytes, for snapshots: little-endian, one after another, a vector with its count before it.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

class ArchiveWriter {
 public:
  template <typename... Values>
  void operator()(const Values&... values) {
    (put(values), ...);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  template <std::integral T>
  void put(T value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(static_cast<std::byte>(bits >> (8 * i)));
  }
  template <typename T, std::size_t kSize>
  void put(const std::array<T, kSize>& values) {
    for (const T& value : values) put(value);
  }
  template <std::integral T>
  void put(const std::vector<T>& values) {
    put(std::uint64_t{values.size()});
    for (const T value : values) put(value);
  }
  void put(const std::vector<std::byte>& values) {
    put(std::uint64_t{values.size()});
    bytes_.insert(bytes_.end(), values.begin(), values.end());
  }

  std::vector<std::byte> bytes_;
};

// Throws SnapshotError where the bytes end too early, before it takes memory for them.
class ArchiveReader {
 public:
  explicit ArchiveReader(std::span<const std::byte> bytes) : left_(bytes) {}

  template <typename... Values>
  void operator()(Values&... values) {
    (get(values), ...);
  }
  std::size_t left() const { return left_.size(); }

 private:
  std::span<const std::byte> next(std::uint64_t count, std::size_t size) {
    if (count > left_.size() / size) throw SnapshotError("the snapshot's decode state ends too early");
    const auto taken = left_.first(static_cast<std::size_t>(count) * size);
    left_ = left_.subspan(taken.size());
    return taken;
  }
  template <std::integral T>
  void get(T& value) {
    std::uint64_t bits = 0;
    const auto bytes = next(1, sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i) bits |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    value = static_cast<T>(bits);
  }
  void get(bool& value) {
    std::uint8_t byte = 0;
    get(byte);
    if (byte > 1) throw SnapshotError("the snapshot's decode state has a flag that is not 0 or 1");
    value = byte == 1;
  }
  template <typename T, std::size_t kSize>
  void get(std::array<T, kSize>& values) {
    for (T& value : values) get(value);
  }
  template <typename T>
  void get(std::vector<T>& values) {
    std::uint64_t count = 0;
    get(count);
    if constexpr (std::is_same_v<T, std::byte>) {
      const auto bytes = next(count, 1);
      values.assign(bytes.begin(), bytes.end());
    } else {
      ArchiveReader items(next(count, sizeof(T)));
      values.resize(static_cast<std::size_t>(count));
      for (T& value : values) items.get(value);
    }
  }

  std::span<const std::byte> left_;
};

}  // namespace longplay
