// The kernels of a Transformer's layers beside attention, against formulas in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "model/kernel_names.hpp"
#include "model/numbers.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/usable_kernels.hpp"

namespace longplay::operators {
namespace {

class LayersTest : public testing::TestWithParam<const Kernels*> {
 protected:
  std::vector<float> floats(std::size_t count, float most) { return numbers_.floats(count, most); }

  Numbers numbers_;
  const Kernels& kernels_ = *GetParam();
};

INSTANTIATE_TEST_SUITE_P(Usable, LayersTest, testing::ValuesIn(usable_kernels()),
                         [](const auto& one) { return name_of(*one.param); });

std::vector<double> normalised(const std::vector<float>& x, std::size_t row, const std::vector<float>& gain) {
  const std::size_t width = gain.size();
  double mean = 0, variance = 0;
  for (std::size_t i = 0; i < width; ++i) mean += x[row * width + i] / static_cast<double>(width);
  for (std::size_t i = 0; i < width; ++i)
    variance += std::pow(x[row * width + i] - mean, 2) / static_cast<double>(width);
  std::vector<double> made(width);
  for (std::size_t i = 0; i < width; ++i)
    made[i] = (x[row * width + i] - mean) / std::sqrt(variance + 1e-5) * gain[i];
  return made;
}

TEST_P(LayersTest, NormsHaveTheirMeanAndDeviation) {
  for (const std::size_t width : {16U, 48U, 256U}) {
    const std::vector<float> x = floats(3 * width, 5), added = floats(3 * width, 5), gain = floats(width, 2);
    std::vector<float> y(3 * width + 1, 77), sum(3 * width + 1, 77), sums(3 * width);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = x[i] + added[i];
    kernels_.normalise(x.data(), 3, width, gain.data(), y.data());
    for (std::size_t i = 0; i < 3 * width; ++i)
      EXPECT_NEAR(y[i], normalised(x, i / width, gain)[i % width], 2e-6);
    kernels_.add_and_normalise(x.data(), added.data(), 3, width, gain.data(), y.data(), sum.data());
    for (std::size_t i = 0; i < 3 * width; ++i) {
      EXPECT_EQ(sum[i], sums[i]);
      EXPECT_NEAR(y[i], normalised(sums, i / width, gain)[i % width], 2e-6);
    }
    EXPECT_EQ(y.back(), 77);
    EXPECT_EQ(sum.back(), 77);
  }
}

TEST_P(LayersTest, ARowOfEqualNumbersIsItsOwnMean) {
  const std::vector<float> x(32, 3), gain(32, 2);
  std::vector<float> y(32, 77);
  kernels_.normalise(x.data(), 1, 32, gain.data(), y.data());
  EXPECT_EQ(y, std::vector<float>(32, 0));
}

TEST_P(LayersTest, GatesOpenAsTheSiLU) {
  for (const std::size_t units : {1U, 7U, 16U, 37U}) {
    const std::vector<float> both = floats(2 * 2 * units, 20);
    std::vector<float> y(2 * units + 1, 77);
    kernels_.open_gates(both.data(), 2, units, y.data());
    for (std::size_t i = 0; i < 2 * units; ++i) {
      const double gate = both[i / units * 2 * units + i % units];
      const double value = both[i / units * 2 * units + units + i % units];
      EXPECT_NEAR(y[i], gate / (1 + std::exp(-gate)) * value, 1e-4) << gate;
    }
    EXPECT_EQ(y.back(), 77);
  }
}

TEST_P(LayersTest, GatesBeyondAllMeasureAreOpenOrClosed) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float gate : {-1e3F, -1e30F, -kInfinity}) {
    const std::vector<float> both{gate, 2};
    float y = 77;
    kernels_.open_gates(both.data(), 1, 1, &y);
    EXPECT_NEAR(y, 0, 1e-20) << gate;
  }
  const std::vector<float> both{1e30F, 2}, none{std::nanf(""), 2};
  float y = 77;
  kernels_.open_gates(both.data(), 1, 1, &y);
  EXPECT_EQ(y, 2e30F);
  kernels_.open_gates(none.data(), 1, 1, &y);
  EXPECT_TRUE(std::isnan(y));
}

TEST_P(LayersTest, TheNextEarlierMayOverwriteTheEarlier) {
  for (const std::size_t width : {1U, 16U, 37U}) {
    const std::vector<float> x = floats(3 * width, 5), earlier = floats(3 * width, 5),
                             part = floats(width, 1);
    std::vector<float> sum(3 * width), state = earlier;
    kernels_.add_earlier(x.data(), state.data(), 3, width, part.data(), sum.data(), state.data());
    EXPECT_EQ(state, x);
    for (std::size_t i = 0; i < sum.size(); ++i)
      EXPECT_NEAR(sum[i], x[i] + earlier[i] * static_cast<double>(part[i % width]), 1e-6);
  }
}

}  // namespace
}  // namespace longplay::operators
