// The kernel of attention to notes in int8, against a plain reference in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/kernel_names.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/scalar_numbers.hpp"
#include "model/operators/usable_kernels.hpp"

namespace longplay::operators {
namespace {

constexpr std::size_t kChannels = 64, kTurning = 16;

// A head as integers times a scale, as the ONNX function rounds it.
struct Rounded {
  explicit Rounded(const std::vector<double>& head) {
    double range = 0x1p-10;
    for (const double x : head) range = std::max(range, std::abs(x));
    scale = scalar::from_half(scalar::to_half(static_cast<float>(range) / 127));
    for (const double x : head) whole.push_back(std::clamp(std::nearbyint(x / scale), -127.0, 127.0));
  }

  std::vector<double> whole;
  double scale = 0;
};

// A piece that is read note by note, by heads that share keys in groups of `shared`.
struct Piece {
  Piece(std::size_t keys, std::size_t shared, std::vector<std::size_t> begins, std::size_t slots)
      : begins(std::move(begins)),
        lengths(keys * shared, 8.0F),
        sinks(keys * shared, 0.5F),
        shape{.keys = keys,
              .shared = shared,
              .channels = kChannels,
              .slots = slots,
              .turning = kTurning,
              .rings = this->begins.size(),
              .begins = this->begins.data(),
              .lengths = lengths.data(),
              .sinks = sinks.data()},
        keys_memory(keys * kChannels * slots),
        values_memory(keys * kChannels * slots),
        scales(keys * 2 * slots),
        seen(this->begins.size()),
        scratch(attention_scratch(shape)) {
    lengths.back() = 20;
    sinks.back() = 3;
  }

  // Writes a note of numbers up to `most` to a slot of a ring, and returns the outputs of the heads.
  std::vector<float> read(const Kernels& kernels, std::size_t ring, std::size_t index, float most = 2) {
    qkv.resize((shape.shared + 2) * shape.keys * kChannels);
    std::uniform_real_distribution<float> some(-most, most);
    for (float& one : qkv) one = some(engine);
    cosines.clear();
    sines.clear();
    for (std::size_t pair = 0; pair < kTurning; ++pair) {
      cosines.push_back(std::cos(angle + static_cast<float>(pair)));
      sines.push_back(std::sin(angle + static_cast<float>(pair)));
    }
    angle += 0.7F;
    slot = begins[ring] + index;
    seen[ring] = std::max(seen[ring], index + 1);
    std::vector<float> y(shape.keys * shape.shared * kChannels, 77);
    kernels.attend(
        shape,
        {.qkv = qkv.data(),
         .cos = cosines.data(),
         .sin = sines.data(),
         .slot = slot,
         .seen = seen.data(),
         .notes = {.keys = keys_memory.data(), .values = values_memory.data(), .scales = scales.data()}},
        scratch.data(), y.data());
    return y;
  }

  std::vector<double> head(std::size_t number) const {
    return {qkv.begin() + static_cast<std::ptrdiff_t>(number * kChannels),
            qkv.begin() + static_cast<std::ptrdiff_t>((number + 1) * kChannels)};
  }

  std::vector<double> turned_head(std::size_t number, double length) const {
    std::vector<double> x = head(number);
    double squares = 0;
    for (const double one : x) squares += one * one;
    for (double& one : x) one *= length / std::sqrt(squares);
    for (std::size_t pair = 0; pair < kTurning; ++pair) {
      const double a = x[pair], b = x[pair + kChannels / 2];
      x[pair] = a * cosines[pair] - b * sines[pair];
      x[pair + kChannels / 2] = b * cosines[pair] + a * sines[pair];
    }
    return x;
  }

  double scale(std::size_t key, std::size_t kind, std::size_t at) const {
    return scalar::from_half(scales[(2 * key + kind) * shape.slots + at]);
  }
  double key_at(std::size_t key, std::size_t at, std::size_t c) const {
    const std::size_t block = key * shape.slots + at / 16 * 16;
    return scale(key, 0, at) * keys_memory[block * kChannels + (c / 4 * 16 + at % 16) * 4 + c % 4];
  }
  double value_at(std::size_t key, std::size_t at, std::size_t c) const {
    const std::size_t pair = key * shape.slots + at / 2 * 2;
    return scale(key, 1, at) * values_memory[pair * kChannels + 2 * c + at % 2];
  }

  // The expected output of a head, computed from the notes in memory.
  std::vector<double> expected(std::size_t number) const {
    const Rounded query(turned_head(number, lengths[number]));
    const std::size_t key = number / shape.shared;
    std::vector<double> sum(kChannels);
    double total = sinks[number];
    for (std::size_t ring = 0; ring < shape.rings; ++ring) {
      for (std::size_t at = begins[ring]; at < begins[ring] + seen[ring]; ++at) {
        double logit = 0;
        for (std::size_t c = 0; c < kChannels; ++c)
          logit += query.whole[c] * query.scale * key_at(key, at, c);
        const double weight = std::exp(logit);
        total += weight;
        for (std::size_t c = 0; c < kChannels; ++c) sum[c] += weight * value_at(key, at, c);
      }
    }
    for (double& one : sum) one /= total;
    return sum;
  }

  std::mt19937 engine{3};
  std::vector<std::size_t> begins;
  std::vector<float> lengths, sinks;
  AttentionShape shape;
  std::vector<std::int8_t> keys_memory, values_memory;
  std::vector<std::uint16_t> scales;
  std::vector<std::size_t> seen;
  std::vector<float> scratch, qkv, cosines, sines;
  std::size_t slot = 0;
  float angle = 0;
};

class AttentionTest : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels* kernels_ = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Usable, AttentionTest, testing::ValuesIn(usable_kernels()),
                         [](const auto& one) { return name_of(*one.param); });

// Two rings of 32 and 64 slots, which fill, and whose notes are overwritten.
TEST_P(AttentionTest, HearsTheNotesOfItsRings) {
  for (const std::size_t shared : {1U, 2U, 3U}) {
    Piece piece(2, shared, {0, 32}, 96);
    for (std::size_t note = 0; note < 120; ++note) {
      const bool first = note % 3 == 0;
      const std::vector<float> y =
          first ? piece.read(*kernels_, 0, note / 3 % 32) : piece.read(*kernels_, 1, note * 2 / 3 % 64);
      for (std::size_t head = 0; head < 2 * shared; ++head) {
        const std::vector<double> expected = piece.expected(head);
        for (std::size_t c = 0; c < kChannels; ++c)
          ASSERT_NEAR(y[head * kChannels + c], expected[c], 2e-4) << note << " " << head << " " << c;
      }
    }
  }
}

TEST_P(AttentionTest, RemembersTheTurnedKeyAndTheValue) {
  for (const std::size_t slot : {0U, 5U, 18U, 31U}) {
    Piece piece(2, 2, {0}, 32);
    piece.read(*kernels_, 0, slot);
    for (std::size_t key = 0; key < 2; ++key) {
      const std::vector<double> turned = piece.turned_head(4 + key, 1), value = piece.head(6 + key);
      const double key_step = Rounded(turned).scale, value_step = Rounded(value).scale;
      EXPECT_EQ(piece.scale(key, 0, slot), key_step);
      EXPECT_EQ(piece.scale(key, 1, slot), value_step);
      for (std::size_t c = 0; c < kChannels; ++c) {
        EXPECT_NEAR(piece.key_at(key, slot, c), turned[c], 0.501 * key_step);
        EXPECT_NEAR(piece.value_at(key, slot, c), value[c], 0.501 * value_step);
      }
    }
  }
}

TEST_P(AttentionTest, AHeadOfZerosHearsTheMean) {
  Piece piece(1, 1, {0}, 32);
  piece.lengths[0] = 0;
  for (std::size_t note = 0; note < 40; ++note) {
    const std::vector<float> y = piece.read(*kernels_, 0, note % 32);
    const std::vector<double> expected = piece.expected(0);
    for (std::size_t c = 0; c < kChannels; ++c) ASSERT_NEAR(y[c], expected[c], 1e-4);
  }
}

TEST_P(AttentionTest, NotesOfZerosAreZeros) {
  Piece piece(2, 2, {0}, 32);
  for (const float each : piece.read(*kernels_, 0, 0, 0)) EXPECT_EQ(each, 0);
}

TEST_P(AttentionTest, GivesTheBitsOfTheScalarKernels) {
  const auto bits = [](const std::vector<float>& values) {
    std::vector<std::uint32_t> read(values.size());
    std::ranges::transform(values, read.begin(),
                           [](float each) { return std::bit_cast<std::uint32_t>(each); });
    return read;
  };
  Piece here(2, 3, {0, 64}, 160), there(2, 3, {0, 64}, 160);
  for (std::size_t note = 0; note < 300; ++note) {
    const std::size_t ring = note % 2, index = note / 2 % (ring == 0 ? 64 : 96);
    ASSERT_EQ(bits(here.read(kScalarKernels, ring, index)), bits(there.read(*kernels_, ring, index))) << note;
    ASSERT_EQ(here.keys_memory, there.keys_memory);
    ASSERT_EQ(here.values_memory, there.values_memory);
    ASSERT_EQ(here.scales, there.scales);
  }
}

}  // namespace
}  // namespace longplay::operators
