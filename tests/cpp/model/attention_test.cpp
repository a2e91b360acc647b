// The kernel of attention, against a plain reference in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "model/kernel_names.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/usable_kernels.hpp"

namespace longplay::operators {
namespace {

constexpr std::size_t kChannels = 64, kTurning = 16;

double from_half(std::uint16_t half) {
  const int exponent = half >> 10 & 31;
  const double fraction = half & 1023;
  const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return half >> 15 ? -size : size;
}

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
        seen(this->begins.size()),
        scratch(attention_scratch(shape)) {
    lengths.back() = 20;
    sinks.back() = 3;
  }

  // Writes a note to a slot of a ring, and returns the outputs of the heads.
  std::vector<float> read(const Kernels& kernels, std::size_t ring, std::size_t index) {
    qkv.resize((shape.shared + 2) * shape.keys * kChannels);
    std::uniform_real_distribution<float> some(-2, 2);
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
    kernels.attend(shape,
                   {.qkv = qkv.data(),
                    .cos = cosines.data(),
                    .sin = sines.data(),
                    .slot = slot,
                    .seen = seen.data(),
                    .keys = keys_memory.data(),
                    .values = values_memory.data()},
                   scratch.data(), y.data());
    return y;
  }

  std::vector<double> turned_head(std::size_t head, double length) const {
    std::vector<double> x(kChannels);
    double squares = 0;
    for (std::size_t c = 0; c < kChannels; ++c) {
      x[c] = qkv[head * kChannels + c];
      squares += x[c] * x[c];
    }
    for (double& one : x) one *= length / std::sqrt(squares);
    for (std::size_t pair = 0; pair < kTurning; ++pair) {
      const double a = x[pair], b = x[pair + kChannels / 2];
      x[pair] = a * cosines[pair] - b * sines[pair];
      x[pair + kChannels / 2] = b * cosines[pair] + a * sines[pair];
    }
    return x;
  }

  // The expected output of a head, computed from the notes in memory.
  std::vector<double> expected(std::size_t head) const {
    const std::vector<double> query = turned_head(head, lengths[head]);
    const std::size_t key = head / shape.shared;
    std::vector<double> sum(kChannels);
    double total = sinks[head];
    for (std::size_t ring = 0; ring < shape.rings; ++ring) {
      for (std::size_t at = begins[ring]; at < begins[ring] + seen[ring]; ++at) {
        double logit = 0;
        for (std::size_t c = 0; c < kChannels; ++c)
          logit += query[c] * from_half(keys_memory[(key * kChannels + c) * shape.slots + at]);
        const double weight = std::exp(logit);
        total += weight;
        for (std::size_t c = 0; c < kChannels; ++c)
          sum[c] += weight * from_half(values_memory[(key * shape.slots + at) * kChannels + c]);
      }
    }
    for (double& one : sum) one /= total;
    return sum;
  }

  std::mt19937 engine{3};
  std::vector<std::size_t> begins;
  std::vector<float> lengths, sinks;
  AttentionShape shape;
  std::vector<std::uint16_t> keys_memory, values_memory;
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
          ASSERT_NEAR(y[head * kChannels + c], expected[c], 2e-5) << note << " " << head << " " << c;
      }
    }
  }
}

TEST_P(AttentionTest, RemembersTheTurnedKeyAndTheValue) {
  Piece piece(2, 2, {0}, 32);
  piece.read(*kernels_, 0, 5);
  for (std::size_t key = 0; key < 2; ++key) {
    const std::vector<double> turned = piece.turned_head(4 + key, 1);
    for (std::size_t c = 0; c < kChannels; ++c) {
      const double value = piece.qkv[(6 + key) * kChannels + c];
      EXPECT_NEAR(from_half(piece.keys_memory[(key * kChannels + c) * 32 + 5]), turned[c], 5e-4);
      EXPECT_NEAR(from_half(piece.values_memory[(key * 32 + 5) * kChannels + c]), value, 1e-3);
    }
  }
}

TEST_P(AttentionTest, AHeadOfZerosHearsTheMean) {
  Piece piece(1, 1, {0}, 32);
  piece.lengths[0] = 0;
  for (std::size_t note = 0; note < 40; ++note) {
    const std::vector<float> y = piece.read(*kernels_, 0, note % 32);
    const std::vector<double> expected = piece.expected(0);
    for (std::size_t c = 0; c < kChannels; ++c) ASSERT_NEAR(y[c], expected[c], 1e-5);
  }
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
  }
}

}  // namespace
}  // namespace longplay::operators
