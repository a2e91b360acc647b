#include "events/logarithm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace longplay {
namespace {

// The bits of a number make one of any size, the same with every compiler.
double any_positive(std::mt19937_64& engine) {
  const double x = std::bit_cast<double>(engine() >> 1);
  return std::isfinite(x) && x > 0 ? x : 1;
}

TEST(Logarithm, IsTheLogarithm) {
  std::mt19937_64 engine(3);
  for (int i = 0; i < 100'000; ++i) {
    const double x =
        i % 2 == 0 ? any_positive(engine) : 0.5 + static_cast<double>(engine() % 1'000'000) / 4e5;
    EXPECT_NEAR(binary_logarithm(x), std::log2(x), 4e-16 * std::max(1.0, std::abs(std::log2(x)))) << x;
    EXPECT_NEAR(natural_logarithm(x), std::log(x), 6e-16 * std::max(1.0, std::abs(std::log(x)))) << x;
  }
}

TEST(Logarithm, OfAPowerOfTwoIsExact) {
  for (int power = -1074; power <= 1023; ++power) EXPECT_EQ(binary_logarithm(std::ldexp(1.0, power)), power);
}

TEST(Logarithm, OfWhatHasNoneIsAsInTheStandardLibrary) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(binary_logarithm(0), -kInfinity);
  EXPECT_EQ(binary_logarithm(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(binary_logarithm(-1)));
  EXPECT_TRUE(std::isnan(binary_logarithm(std::nan(""))));
}

// A checksum (FNV-1a) of the bits, which every system must reach.
TEST(Logarithm, HasTheSameBitsEverywhere) {
  std::mt19937_64 engine(5);
  std::uint64_t checksum = 0xcbf29ce484222325U;
  for (int i = 0; i < 100'000; ++i) {
    checksum =
        (checksum ^ std::bit_cast<std::uint64_t>(natural_logarithm(any_positive(engine)))) * 0x100000001b3U;
  }
  EXPECT_EQ(checksum, 0xc55c09cfebdbb0c2U);
}

}  // namespace
}  // namespace longplay
