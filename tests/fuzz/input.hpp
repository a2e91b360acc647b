// Parts that the fuzz targets share: numbers from an input, and promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace longplay {

// libFuzzer takes an abort for a crash and keeps the input.
inline void require(bool promise) {
  if (!promise) std::abort();
}

// Takes an input apart, front to back. After its end, all numbers are 0.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  bool is_empty() const { return left_.empty(); }
  std::span<const std::uint8_t> bytes(std::size_t count) {
    const auto taken = left_.first(count < left_.size() ? count : left_.size());
    left_ = left_.subspan(taken.size());
    return taken;
  }
  // Returns a little-endian number of so many bytes.
  std::uint64_t number(std::size_t size = 1) {
    std::uint64_t value = 0;
    std::size_t at = 0;
    for (const std::uint8_t byte : bytes(size)) value |= std::uint64_t{byte} << (8 * at++);
    return value;
  }
  std::size_t below(std::size_t count) { return count == 0 ? 0 : number(2) % count; }

 private:
  std::span<const std::uint8_t> left_;
};

}  // namespace longplay
