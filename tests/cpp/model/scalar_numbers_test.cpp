// The arithmetic of the scalar kernels, number by number.
#include "model/operators/scalar_numbers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace longplay::operators {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The value of a half from 0 to infinity, and one above infinity where it would be without a limit.
float value_of(unsigned half) {
  const int exponent = static_cast<int>(half >> 10);
  const auto fraction = static_cast<float>(half & 1023);
  return exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
}

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

TEST(ScalarNumbers, EveryHalfHasItsValue) {
  for (unsigned half = 0; half < 0x7c00; ++half) {
    ASSERT_EQ(bits(scalar::from_half(static_cast<std::uint16_t>(half))), bits(value_of(half))) << half;
    ASSERT_EQ(bits(scalar::from_half(static_cast<std::uint16_t>(half | 0x8000))), bits(-value_of(half)));
  }
  EXPECT_EQ(scalar::from_half(0x7c00), kInfinity);
  EXPECT_EQ(scalar::from_half(0xfc00), -kInfinity);
  for (unsigned half = 0x7c01; half < 0x8000; ++half)
    ASSERT_TRUE(std::isnan(scalar::from_half(static_cast<std::uint16_t>(half)))) << half;
}

TEST(ScalarNumbers, RoundsToTheNearestHalf) {
  for (unsigned half = 0; half < 0x7c00; ++half) {
    const float here = value_of(half), tie = (here + value_of(half + 1)) / 2;
    const unsigned even = half + half % 2;
    for (const unsigned sign : {0U, 0x8000U}) {
      const auto rounded = [&](float x) { return scalar::to_half(sign == 0 ? x : -x); };
      ASSERT_EQ(rounded(here), half | sign);
      ASSERT_EQ(rounded(tie), even | sign) << half;
      ASSERT_EQ(rounded(std::nextafter(tie, 0.0F)), half | sign) << half;
      ASSERT_EQ(rounded(std::nextafter(tie, kInfinity)), (half + 1) | sign) << half;
    }
  }
  EXPECT_EQ(scalar::to_half(1e30F), 0x7c00);
  EXPECT_EQ(scalar::to_half(-kInfinity), 0xfc00);
  EXPECT_EQ(scalar::to_half(scalar::same_nan(kNan)), 0xffff);
}

// Rounding twice would give 1: first 2^-60 is lost, then a tie goes to the even neighbour.
TEST(ScalarNumbers, MultiplyingAndAddingRoundsOnce) {
  EXPECT_EQ(scalar::fma(0x1p-24F, 1 + 0x1p-20F, 1), 1 + 0x1p-23F);
  EXPECT_EQ(scalar::fma(0x1p-30F, 0x1p-30F, 1 + 0x1p-23F), 1 + 0x1p-23F);
  const float tie = 1 + 0x1p-12F;  // its square is 1 + 2^-11 + 2^-24
  EXPECT_EQ(scalar::fma(tie, tie, 0x1p-60F), 1 + 0x1p-11F + 0x1p-23F);
  EXPECT_EQ(scalar::fma(tie, tie, 0), 1 + 0x1p-11F);
  EXPECT_EQ(scalar::fma(tie, tie, -0x1p-60F), 1 + 0x1p-11F);
  EXPECT_EQ(scalar::fma(-tie, tie, -0x1p-60F), -1 - 0x1p-11F - 0x1p-23F);
  EXPECT_EQ(scalar::fma(-tie, tie, 0x1p-60F), -1 - 0x1p-11F);
}

TEST(ScalarNumbers, MultiplyingAndAddingKnowsZerosAndInfinities) {
  EXPECT_EQ(bits(scalar::fma(-1, 0, 0)), bits(0.0F));
  EXPECT_EQ(bits(scalar::fma(-1, 0, -0.0F)), bits(-0.0F));
  EXPECT_EQ(scalar::fma(kInfinity, 2, -3), kInfinity);
  EXPECT_EQ(scalar::fma(3e38F, -3e38F, 3e38F), -kInfinity);
  EXPECT_EQ(scalar::fma(0x1p-100F, 0x1p-49F, 0), 0x1p-149F);
  EXPECT_TRUE(std::isnan(scalar::fma(kInfinity, 0, 1)));
  EXPECT_TRUE(std::isnan(scalar::fma(1, kInfinity, -kInfinity)));
  EXPECT_TRUE(std::isnan(scalar::fma(1, 1, kNan)));
}

// The C library of Linux rounds once; some others do not.
#ifdef __linux__
TEST(ScalarNumbers, MultipliesAndAddsAsTheLibraryDoes) {
  std::mt19937 engine(1);
  for (int i = 0; i < 2000000; ++i) {
    const auto some = [&] { return std::bit_cast<float>(static_cast<std::uint32_t>(engine())); };
    const float a = some(), b = some();
    // A sum near to the product, since most numbers are far apart.
    const float c = i % 2 == 0 ? some() : -a * b * std::bit_cast<float>(0x3f000000U + (bits(some()) >> 8));
    const float expected = std::fma(a, b, c), found = scalar::fma(a, b, c);
    ASSERT_EQ(bits(scalar::same_nan(found)), bits(scalar::same_nan(expected))) << a << " " << b << " " << c;
  }
}
#endif

TEST(ScalarNumbers, TheNearestIntegerOfATieIsEven) {
  for (const float x : {-126.0F, -2.5F, -1.5F, -0.5F, -0.3F, -0.0F, 0.0F, 0.3F, 0.5F, 1.5F, 2.5F, 99.5F}) {
    EXPECT_EQ(bits(scalar::nearest(x)), bits(std::nearbyint(x))) << x;
    EXPECT_EQ(scalar::whole(x), std::lrint(x)) << x;
  }
  EXPECT_TRUE(std::isnan(scalar::nearest(kNan)));
}

TEST(ScalarNumbers, OfNanAndANumberTheSecondIsTheLeastAndTheGreatest) {
  EXPECT_EQ(scalar::min(kNan, 1), 1);
  EXPECT_TRUE(std::isnan(scalar::min(1, kNan)));
  EXPECT_EQ(scalar::max(kNan, 1), 1);
  EXPECT_TRUE(std::isnan(scalar::max(1, kNan)));
}

TEST(ScalarNumbers, ScalesByPowersOfTwoDownToSubnormalNumbers) {
  EXPECT_EQ(scalar::times_power_of_two(0.75F, 100), 0x1.8p99F);
  EXPECT_EQ(scalar::times_power_of_two(0x1.000002p-1F, -126), 0x1p-127F);
  EXPECT_TRUE(std::isnan(scalar::times_power_of_two(kNan, kNan)));
}

}  // namespace
}  // namespace longplay::operators
