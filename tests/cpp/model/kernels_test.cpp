#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "model/kernel_names.hpp"
#include "model/numbers.hpp"
#include "model/operators/kernels.hpp"
#include "model/operators/panels.hpp"
#include "model/operators/usable_kernels.hpp"

namespace longplay::operators {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Bits, since NaN is not equal to itself.
std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> read(values.size());
  std::ranges::transform(values, read.begin(), [](float one) { return std::bit_cast<std::uint32_t>(one); });
  return read;
}

// The expected output of `multiply`, computed one number after the other.
std::vector<float> product(const std::vector<std::uint8_t>& x, const std::vector<std::int8_t>& weights,
                           const std::vector<float>& scale, const std::vector<float>& bias, std::size_t rows,
                           std::size_t row_bytes, std::size_t inputs) {
  const std::size_t outputs = scale.size();
  std::vector<float> y(rows * outputs);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t output = 0; output < outputs; ++output) {
      int sum = 0;
      for (std::size_t input = 0; input < inputs; ++input) {
        sum += (x[row * row_bytes + input] - kZero) * weights[input * outputs + output];
      }
      const float scaled = static_cast<float>(sum) * scale[output];
      y[row * outputs + output] = scaled + bias[bias.size() == outputs ? output : row * outputs + output];
    }
  }
  return y;
}

struct Case {
  std::size_t rows, inputs, outputs;
};

// Every number of rows that a pass takes and some more, and sizes around those of groups, blocks and panels.
const std::vector<Case> kCases{{1, 1, 4},   {2, 3, 8},    {3, 4, 60},   {4, 5, 64},
                               {5, 6, 68},  {6, 7, 128},  {7, 8, 132},  {8, 30, 16},
                               {9, 64, 20}, {12, 33, 72}, {13, 100, 4}, {64, 12, 256}};

struct Weighed {
  Weighed(Numbers& numbers, const Case& size, bool bias_of_rows, bool by_gate)
      : row_bytes((size.inputs + kGroup - 1) / kGroup * kGroup),
        weights(numbers.integers<std::int8_t>(size.inputs * size.outputs, -63, 63)),
        x(numbers.integers<std::uint8_t>(size.rows * row_bytes, 0, 255)),
        scale(numbers.floats(size.outputs, 1e-3F)),
        bias(numbers.floats(bias_of_rows ? size.rows * size.outputs : size.outputs, 1)),
        packed(weights, size.inputs, size.outputs, by_gate),
        per_output{bias.data(), bias_of_rows ? size.outputs : 0} {}

  std::size_t row_bytes;
  std::vector<std::int8_t> weights;
  std::vector<std::uint8_t> x;  // also where there are no inputs: nothing multiplies it
  std::vector<float> scale;
  std::vector<float> bias;
  PackedWeights packed;
  PerOutput per_output;
};

class KernelsTest : public testing::TestWithParam<const Kernels*> {
 protected:
  std::vector<std::uint8_t> quantised(const std::vector<float>& x, std::size_t row_bytes) const {
    std::vector<std::uint8_t> made(row_bytes, 77);
    kernels_->quantise(x.data(), 1, x.size(), row_bytes, made.data());
    return made;
  }

  // h and c, one after the other, of one unit for each of the gates.
  std::vector<float> stepped(const std::vector<float>& gates, const std::vector<float>& cells) const {
    std::vector<float> y(2 * cells.size());
    kernels_->step_cells(gates.data(), 1, cells.size(), cells.data(), y.data(), y.data() + cells.size());
    return y;
  }

  Numbers numbers_;
  const Kernels* kernels_ = GetParam();
};

INSTANTIATE_TEST_SUITE_P(Usable, KernelsTest, testing::ValuesIn(usable_kernels()),
                         [](const auto& one) { return name_of(*one.param); });

TEST_P(KernelsTest, QuantisesToTheNearestAndCutsOffTheRest) {
  const float step = 1.0F / 127;
  const std::vector<float> x{0, 1,  -1,    0.5F * step, 1.5F * step, -0.5F * step,
                             2, -2, 1e30F, -1e30F,      kInfinity};
  const std::vector<std::uint8_t> expected{128, 255, 1, 128, 130, 128, 255, 0, 255, 0, 255, 0};
  EXPECT_EQ(quantised(x, 12), expected);
}

// The function's node divides by a number that is not quite 1 / 127.
TEST_P(KernelsTest, DividesByTheScaleAsTheFunctionDoes) {
  for (const float x : {-0x1.e1c386p-1F, -0x1.a14284p-1F, -0x1.60c182p-1F, 0x1.62c58ap-5F}) {
    const float steps = std::nearbyint(x / (1.0F / 127));
    ASSERT_NE(steps, std::nearbyint(x * 127));
    EXPECT_EQ(quantised({x}, 1)[0], static_cast<std::uint8_t>(steps + 128));
  }
}

TEST_P(KernelsTest, QuantisesRowsOfEveryWidth) {
  for (std::size_t width = 1; width < 40; ++width) {
    const std::size_t row_bytes = (width + kGroup - 1) / kGroup * kGroup;
    const std::vector<float> x = numbers_.floats(2 * width, 1.1F);
    std::vector<std::uint8_t> made(2 * row_bytes + 1, 77);
    kernels_->quantise(x.data(), 2, width, row_bytes, made.data());
    for (std::size_t row = 0; row < 2; ++row) {
      std::vector<std::uint8_t> expected(row_bytes, 0);
      for (std::size_t index = 0; index < width; ++index) {
        const float whole = std::nearbyint(x[row * width + index] / (1.0F / 127));
        expected[index] = static_cast<std::uint8_t>(std::clamp(whole, -128.0F, 127.0F) + 128);
      }
      const auto begin = made.begin() + static_cast<std::ptrdiff_t>(row * row_bytes);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), begin)) << width;
    }
    EXPECT_EQ(made.back(), 77) << width;
  }
}

TEST_P(KernelsTest, MultipliesAsOneNumberAfterTheOther) {
  for (const Case& size : kCases) {
    for (const bool bias_of_rows : {false, true}) {
      const Weighed it(numbers_, size, bias_of_rows, false);
      std::vector<float> y(size.rows * size.outputs + 1, 77);
      kernels_->multiply(it.packed.panels(), it.x.data(), size.rows, it.scale.data(), it.per_output,
                         size.outputs, y.data());
      std::vector<float> expected =
          product(it.x, it.weights, it.scale, it.bias, size.rows, it.row_bytes, size.inputs);
      expected.push_back(77);
      EXPECT_EQ(y, expected) << size.rows << " " << size.inputs << " " << size.outputs;
    }
  }
}

TEST_P(KernelsTest, TheLargestSumsFit) {
  const Case size{1, 1024, 4};
  Weighed it(numbers_, size, false, false);
  std::ranges::fill(it.x, std::uint8_t{255});
  std::ranges::fill(it.weights, std::int8_t{-63});
  const PackedWeights packed(it.weights, size.inputs, size.outputs, false);
  std::vector<float> y(size.outputs);
  const std::vector<float> scale(4, 1), bias(4, 0);
  kernels_->multiply(packed.panels(), it.x.data(), 1, scale.data(), {bias.data(), 0}, 4, y.data());
  EXPECT_EQ(y, std::vector<float>(4, -127.0F * 63 * 1024));
}

TEST_P(KernelsTest, MultiplyingAndSteppingAtOnceIsTheSame) {
  for (const Case& size : kCases) {
    for (const bool bias_of_rows : {false, true}) {
      const Weighed it(numbers_, size, bias_of_rows, true);
      const std::size_t units = size.outputs / kBlocks;
      const std::vector<float> gates =
          product(it.x, it.weights, it.scale, it.bias, size.rows, it.row_bytes, size.inputs);
      std::vector<float> cells = numbers_.floats(size.rows * units, 2);
      std::vector<float> expected(cells.size()), expected_cells(cells.size());
      kernels_->step_cells(gates.data(), size.rows, units, cells.data(), expected.data(),
                           expected_cells.data());
      std::vector<float> y(cells.size() + 1, 77);
      expected.push_back(77);
      kernels_->multiply_and_step(it.packed.panels(), it.x.data(), size.rows, it.scale.data(), it.per_output,
                                  units, cells.data(), y.data(), cells.data());
      EXPECT_EQ(y, expected) << size.rows << " " << size.inputs << " " << size.outputs;
      EXPECT_EQ(cells, expected_cells) << size.rows << " " << size.inputs << " " << size.outputs;
    }
  }
}

TEST_P(KernelsTest, StepsAsTheFormulasOfAnLSTM) {
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  constexpr std::size_t kUnits = 37;
  for (const float most : {0.1F, 3.0F, 30.0F, 1000.0F}) {
    const std::vector<float> gates = numbers_.floats(4 * kUnits, most);
    const std::vector<float> cells = numbers_.floats(kUnits, 4);
    const std::vector<float> y = stepped(gates, cells);
    for (std::size_t unit = 0; unit < kUnits; ++unit) {
      const auto gate = [&](std::size_t number) -> double { return gates[number * kUnits + unit]; };
      const double next = sigmoid(gate(1)) * cells[unit] + sigmoid(gate(0)) * std::tanh(gate(3));
      EXPECT_NEAR(y[kUnits + unit], next, 1.5e-6);
      EXPECT_NEAR(y[unit], sigmoid(gate(2)) * std::tanh(next), 1e-6);
    }
  }
}

TEST_P(KernelsTest, GatesBeyondAllMeasureOpenAndClose) {
  // input, forget, output, candidate
  EXPECT_EQ(stepped({kInfinity, kInfinity, kInfinity, kInfinity}, {2}), stepped({90, 90, 90, 90}, {2}));
  const std::vector<float> open = stepped({1e30F, 1e30F, 1e30F, 1e30F}, {2});
  EXPECT_NEAR(open[1], 3, 1e-6);
  EXPECT_NEAR(open[0], std::tanh(3.0), 1e-6);
  const std::vector<float> closed = stepped({-1e30F, -1e30F, -1e30F, -1e30F}, {2});
  EXPECT_NEAR(closed[1], 0, 1e-6);
  EXPECT_NEAR(closed[0], 0, 1e-6);
  const std::vector<float> emptied = stepped({-1e30F, -1e30F, -1e30F, -1e30F}, {1e6F});
  EXPECT_NEAR(emptied[1], 0, 1e-5);
  EXPECT_EQ(stepped({0, 0, 0, 0}, {0}), (std::vector<float>{0, 0}));
}

TEST_P(KernelsTest, NanIsSeenInWhatComesOfIt) {
  for (std::size_t index = 0; index < 5; ++index) {
    std::vector<float> numbers{0.5F, 0.5F, 0.5F, 0.5F, 0.5F};
    numbers[index] = kNan;
    EXPECT_TRUE(std::isnan(stepped({numbers.begin(), numbers.begin() + 4}, {numbers[4]})[0])) << index;
  }
}

TEST_P(KernelsTest, NanIsQuantisedToTheLowest) {
  const std::vector<float> x(21, kNan);
  EXPECT_EQ(quantised(x, 24), (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                         0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  std::vector<std::uint8_t> hidden(24, 77);
  const std::vector<std::uint16_t> table(21, 0x3c00);
  const std::size_t chosen = 0;
  kernels_->quantise_hidden({table.data(), 21, &chosen, 1}, x.data(), 21, 1, 24, hidden.data());
  EXPECT_EQ(hidden, std::vector<std::uint8_t>(24, 0));
}

// Inputs are NaNs of different signs and payloads. The output must not show which of them it comes from.
TEST_P(KernelsTest, EveryNanIsStoredAlike) {
  constexpr std::uint32_t kSame = 0xffffffff;
  const auto nan = [](std::uint32_t payload) { return std::bit_cast<float>(0x7fc00000U | payload); };
  const std::vector<float> gates{nan(1), -nan(2), nan(3), nan(4)};
  EXPECT_EQ(bits(stepped(gates, {nan(5)})), (std::vector<std::uint32_t>{kSame, kSame}));
  const Case size{2, 8, 20};
  Weighed it(numbers_, size, false, false);
  std::ranges::fill(it.scale, nan(6));
  std::ranges::fill(it.bias, -nan(7));
  std::vector<float> y(size.rows * size.outputs);
  kernels_->multiply(it.packed.panels(), it.x.data(), size.rows, it.scale.data(), it.per_output, size.outputs,
                     y.data());
  EXPECT_EQ(bits(y), std::vector<std::uint32_t>(y.size(), kSame));
  const std::vector<std::uint16_t> table{0x7e01, 0xfe02};
  const std::vector<std::size_t> chosen{0, 1};
  std::vector<float> sum(1);
  kernels_->sum_embeddings({table.data(), 1, chosen.data(), 2}, 1, sum.data());
  EXPECT_EQ(bits(sum), std::vector<std::uint32_t>{kSame});
}

// 1 is 0x3c00 and 0.5 is 0x3800 in half precision, and 1024 is 0x6400.
TEST_P(KernelsTest, AddsUpRowsOfATableInHalfPrecision) {
  for (std::size_t width = 1; width < 40; ++width) {
    std::vector<std::uint16_t> table(3 * width);
    for (std::size_t index = 0; index < width; ++index) {
      table[index] = 0x3c00;
      table[width + index] = 0x3800;
      table[2 * width + index] = index % 2 == 0 ? 0x6400 : 0;
    }
    const std::vector<std::size_t> chosen{2, 1, 0, 1, 1, 0};
    std::vector<float> sums(2 * width + 1, 77);
    kernels_->sum_embeddings({table.data(), width, chosen.data(), 3}, 2, sums.data());
    std::vector<float> expected(2 * width + 1, 2);
    for (std::size_t index = 0; index < width; ++index) expected[index] = index % 2 == 0 ? 1025.5F : 1.5F;
    expected.back() = 77;
    EXPECT_EQ(sums, expected);
  }
}

TEST_P(KernelsTest, HiddenNumbersAreTheTanhOfTheSum) {
  for (const std::size_t width : {1U, 7U, 8U, 16U, 21U, 40U}) {
    const std::size_t row_bytes = (width + kGroup - 1) / kGroup * kGroup;
    const std::vector<std::uint16_t> table = numbers_.integers<std::uint16_t>(4 * width, 0x3000, 0x3c00);
    const std::vector<std::size_t> chosen{0, 3, 2, 1};
    const std::vector<float> x = numbers_.floats(2 * (width + 3), 2);
    std::vector<float> sums(2 * width);
    kernels_->sum_embeddings({table.data(), width, chosen.data(), 2}, 2, sums.data());
    std::vector<std::uint8_t> hidden(2 * row_bytes + 1, 77);
    kernels_->quantise_hidden({table.data(), width, chosen.data(), 2}, x.data(), width + 3, 2, row_bytes,
                              hidden.data());
    for (std::size_t row = 0; row < 2; ++row) {
      for (std::size_t index = 0; index < row_bytes; ++index) {
        const double sum = index < width ? x[row * (width + 3) + index] + sums[row * width + index] : 0;
        const double exact = index < width ? 127 * std::tanh(sum) + kZero : 0;
        EXPECT_NEAR(hidden[row * row_bytes + index], exact, index < width ? 0.501 : 0) << width;
      }
    }
    EXPECT_EQ(hidden.back(), 77);
  }
}

TEST_P(KernelsTest, GivesTheBitsOfTheScalarKernels) {
  for (const Case& size : kCases) {
    const std::size_t units = size.outputs / kBlocks;
    const Weighed it(numbers_, size, true, true);
    std::vector<float> cells = numbers_.floats(size.rows * units, 3);
    cells[0] = -kNan;
    const std::vector<std::uint16_t> table = numbers_.integers<std::uint16_t>(5 * units, 0x2000, 0x4200);
    const std::vector<std::size_t> chosen = numbers_.integers<std::size_t>(2 * size.rows, 0, 4);
    const auto results = [&](const Kernels& kernels) {
      std::vector<float> y(cells.size()), next_cells(cells.size());
      kernels.multiply_and_step(it.packed.panels(), it.x.data(), size.rows, it.scale.data(), it.per_output,
                                units, cells.data(), y.data(), next_cells.data());
      std::vector<std::uint8_t> hidden(size.rows * (units + kGroup), 0);
      kernels.quantise_hidden({table.data(), units, chosen.data(), 2}, cells.data(), units, size.rows,
                              units + kGroup, hidden.data());
      return std::tuple(bits(y), bits(next_cells), hidden);
    };
    EXPECT_EQ(results(*kernels_), results(kScalarKernels));
  }
}

}  // namespace
}  // namespace longplay::operators
