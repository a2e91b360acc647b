// All kernels on all machines give the bits whose checksums stand here: those of AVX2 and AVX-512.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#include <vector>

#include "model/kernel_names.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/panels.hpp"
#include "model/operators/usable_kernels.hpp"

namespace longplay::operators {
namespace {

// Numbers that are the same with every compiler, unlike those of the distributions of the standard library.
class Draws {
 public:
  std::uint32_t next() { return static_cast<std::uint32_t>(engine_()); }
  // In [-most, most).
  float number(float most) { return most * (static_cast<float>(next() >> 8) * 0x1p-23F - 1); }
  // Mostly numbers, sometimes an infinity, a NaN, a zero or a number of any size.
  float odd(float most) { return next() % 50 == 0 ? std::bit_cast<float>(next()) : special_or(number(most)); }
  std::vector<float> odds(std::size_t count, float most) {
    std::vector<float> made(count);
    for (float& one : made) one = odd(most);
    return made;
  }
  template <typename T>
  std::vector<T> integers(std::size_t count, std::uint32_t range, int lowest) {
    std::vector<T> made(count);
    for (T& one : made) one = static_cast<T>(static_cast<int>(next() % range) + lowest);
    return made;
  }

 private:
  float special_or(float number) {
    constexpr std::uint32_t kSpecials[] = {0x7f800000, 0xff800000, 0x7fc00001, 0xffc12345, 0x7f800001,
                                           0,          0x80000000, 0x00000001, 0x80012345};
    const std::uint32_t which = next() % 400;
    return which < 9 ? std::bit_cast<float>(kSpecials[which]) : number;
  }

  std::mt19937 engine_{7};
};

// FNV-1a of the bits of numbers.
class Checksum {
 public:
  template <typename T>
  void add(const std::vector<T>& numbers) {
    for (const T& number : numbers) {
      if constexpr (sizeof number == 4) {
        mix(std::bit_cast<std::uint32_t>(number));
      } else {
        mix(static_cast<std::uint32_t>(number));
      }
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  void mix(std::uint32_t number) { value_ = (value_ ^ number) * 0x100000001b3U; }

  std::uint64_t value_ = 0xcbf29ce484222325U;
};

class SameBitsTest : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& kernels_ = *GetParam();
  Draws draws_;
  Checksum checksum_;
};

INSTANTIATE_TEST_SUITE_P(Usable, SameBitsTest, testing::ValuesIn(usable_kernels()),
                         [](const auto& one) { return name_of(*one.param); });

TEST_P(SameBitsTest, OfQuantisedNumbers) {
  const std::vector<float> x = draws_.odds(40 * 1003, 1.2F);
  std::vector<std::uint8_t> quantised(40 * 1004);
  kernels_.quantise(x.data(), 40, 1003, 1004, quantised.data());
  checksum_.add(quantised);
  EXPECT_EQ(checksum_.value(), 0x06e7ba8fc03a2168U);
}

TEST_P(SameBitsTest, OfProductsAndCells) {
  for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 6U, 13U}) {
    constexpr std::size_t kInputs = 37, kRowBytes = 40, kUnits = 23, kOutputs = 4 * kUnits;
    const auto weights = draws_.integers<std::int8_t>(kInputs * kOutputs, 128, -64);
    const auto x = draws_.integers<std::uint8_t>(rows * kRowBytes, 256, 0);
    const std::vector<float> scale = draws_.odds(kOutputs, 1e-3F), bias = draws_.odds(rows * kOutputs, 4);
    const std::vector<float> cells = draws_.odds(rows * kUnits, 3);
    std::vector<float> y(rows * kOutputs), h(cells.size()), next_cells(cells.size());
    const PackedWeights packed(weights, kInputs, kOutputs, true);
    kernels_.multiply(packed.panels(), x.data(), rows, scale.data(), {bias.data(), kOutputs}, kOutputs,
                      y.data());
    kernels_.multiply_and_step(packed.panels(), x.data(), rows, scale.data(), {bias.data(), kOutputs}, kUnits,
                               cells.data(), h.data(), next_cells.data());
    checksum_.add(y);
    checksum_.add(h);
    checksum_.add(next_cells);
    const std::vector<float> gates = draws_.odds(rows * kOutputs, 30);
    kernels_.step_cells(gates.data(), rows, kUnits, cells.data(), h.data(), next_cells.data());
    checksum_.add(h);
    checksum_.add(next_cells);
  }
  EXPECT_EQ(checksum_.value(), 0xd91479ed502dbe5dU);
}

// The table holds every number of half precision.
TEST_P(SameBitsTest, OfEmbeddings) {
  constexpr std::size_t kWidth = 128, kRows = 512, kRowBytes = 132;
  std::vector<std::uint16_t> table(kRows * kWidth);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint16_t>(i);
  std::vector<std::size_t> chosen;
  for (std::size_t row = 0; row < kRows; ++row) chosen.insert(chosen.end(), {row, draws_.next() % kRows});
  std::vector<float> sums(table.size());
  kernels_.sum_embeddings({table.data(), kWidth, chosen.data(), 1}, kRows, sums.data());
  checksum_.add(sums);
  kernels_.sum_embeddings({table.data(), kWidth, chosen.data(), 2}, kRows, sums.data());
  checksum_.add(sums);
  std::vector<std::uint8_t> hidden(kRows * kRowBytes);
  const std::vector<float> x = draws_.odds(kRows * kWidth, 1);
  kernels_.quantise_hidden({table.data(), kWidth, chosen.data(), 2}, x.data(), kWidth, kRows, kRowBytes,
                           hidden.data());
  checksum_.add(hidden);
  EXPECT_EQ(checksum_.value(), 0x12731ddcc391bd73U);
}

TEST_P(SameBitsTest, OfLayers) {
  for (const std::size_t rows : {1U, 3U, 8U}) {
    constexpr std::size_t kWidth = 48, kUnits = 27;
    const std::vector<float> x = draws_.odds(rows * kWidth, 3), added = draws_.odds(rows * kWidth, 1);
    const std::vector<float> gain = draws_.odds(kWidth, 2), both = draws_.odds(2 * rows * kUnits, 120);
    std::vector<float> y(x.size()), sum(x.size()), gated(rows * kUnits);
    kernels_.normalise(x.data(), rows, kWidth, gain.data(), y.data());
    checksum_.add(y);
    kernels_.add_and_normalise(x.data(), added.data(), rows, kWidth, gain.data(), y.data(), sum.data());
    checksum_.add(y);
    checksum_.add(sum);
    kernels_.open_gates(both.data(), rows, kUnits, gated.data());
    checksum_.add(gated);
    kernels_.add_earlier(x.data(), added.data(), rows, kWidth, gain.data(), y.data(), sum.data());
    checksum_.add(y);
    checksum_.add(sum);
  }
  for (int i = 0; i < 40; ++i) {  // rows without odd numbers, which spoil a whole row
    std::vector<float> x(64), gain(64), y(64);
    for (float& one : x) one = draws_.number(4);
    for (float& one : gain) one = draws_.number(2);
    kernels_.normalise(x.data(), 1, 64, gain.data(), y.data());
    checksum_.add(y);
  }
  EXPECT_EQ(checksum_.value(), 0x6a7dbfe4d756214dU);
}

// Two rings. Sometimes a note holds an infinity or a NaN, and then nothing else is heard for a while.
TEST_P(SameBitsTest, OfAttention) {
  constexpr std::size_t kKeys = 2, kShared = 3, kChannels = 64, kSlots = 160, kTurning = 12;
  const std::vector<std::size_t> begins{0, 64};
  const std::vector<float> lengths{8, 1, 0, 20, 3, 8}, sinks{0.5F, 0, 1, 2, 3, 4};
  const AttentionShape shape{.keys = kKeys,
                             .shared = kShared,
                             .channels = kChannels,
                             .slots = kSlots,
                             .turning = kTurning,
                             .rings = 2,
                             .begins = begins.data(),
                             .lengths = lengths.data(),
                             .sinks = sinks.data()};
  std::vector<std::int8_t> keys(kKeys * kChannels * kSlots), values(keys.size());
  std::vector<std::uint16_t> scales(kKeys * 2 * kSlots);
  std::vector<float> scratch(attention_scratch(shape)), y(kKeys * kShared * kChannels);
  std::vector<std::size_t> seen{0, 0};
  for (std::size_t note = 0; note < 400; ++note) {
    const std::size_t ring = note % 2, index = note / 2 % (ring == 0 ? 50 : 96);
    seen[ring] = std::max(seen[ring], index + 1);
    std::vector<float> qkv((kShared + 2) * kKeys * kChannels), cos(kTurning), sin(kTurning);
    for (float& one : qkv) one = note % 100 == 99 ? draws_.odd(2) : draws_.number(2);
    for (float& one : cos) one = draws_.number(1);
    for (float& one : sin) one = draws_.number(1);
    kernels_.attend(shape,
                    {.qkv = qkv.data(),
                     .cos = cos.data(),
                     .sin = sin.data(),
                     .slot = begins[ring] + index,
                     .seen = seen.data(),
                     .notes = {keys.data(), values.data(), scales.data()}},
                    scratch.data(), y.data());
    checksum_.add(y);
  }
  checksum_.add(keys);
  checksum_.add(values);
  checksum_.add(scales);
  EXPECT_EQ(checksum_.value(), 0x5142fdc8c2f003abU);
}

}  // namespace
}  // namespace longplay::operators
