#include "events/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace longplay {
namespace {

using Counter = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

// The lines of Random123's kat_vectors for "philox4x32 10".
TEST(Philox, AnswersAsRandom123Does) {
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32(Counter{}, Key{}), (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Uniform, PutsEventFieldAndCandidateInTheCounterAndTheSeedInTheKey) {
  const Counter words =
      philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0});
  const std::uint64_t bits = (std::uint64_t{words[1]} << 32 | words[0]) >> 11;
  EXPECT_EQ(uniform(0x299f31d0a4093822, 0x03707344, 0x85a308d3243f6a88, 0x13198a2e),
            static_cast<double>(bits) / 9007199254740992.0);  // 2^53
}

TEST(Uniform, DiffersForEveryPartOfTheAddress) {
  const std::set<double> numbers{uniform(0, 0, 0, 0), uniform(1, 0, 0, 0), uniform(1ULL << 32, 0, 0, 0),
                                 uniform(0, 1, 0, 0), uniform(0, 0, 1, 0), uniform(0, 0, 1ULL << 32, 0),
                                 uniform(0, 0, 0, 1)};
  EXPECT_EQ(numbers.size(), 7U);
}

TEST(Uniform, FillsTheUnitIntervalEvenly) {
  constexpr int kBins = 16;
  constexpr int kNumbers = 16'000;
  std::array<int, kBins> counts{};
  for (std::uint64_t event = 0; event < kNumbers; ++event) {
    const double u = uniform(7, 0, event, 0);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    ++counts[static_cast<std::size_t>(u * kBins)];
  }
  double chi_squared = 0;
  for (const int count : counts) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi_squared, 37.7);  // 15 degrees of freedom, p = 0.001
}

TEST(BranchSeed, DiffersForEveryPartOfItsAddressAndFromWhatItBranchesOff) {
  const std::set<std::uint64_t> seeds{5,
                                      branch_seed(5, 0, 0, 1),
                                      branch_seed(6, 0, 0, 1),
                                      branch_seed(5, 1, 0, 1),
                                      branch_seed(5, 0, 1, 1),
                                      branch_seed(5, 0, 0, 2),
                                      branch_seed(branch_seed(5, 0, 0, 1), 0, 0, 1)};
  EXPECT_EQ(seeds.size(), 7U);
}

TEST(BranchSeed, IsTheNumberAtAnAddressWhereNoFieldIsDrawn) {
  const Counter words = philox4x32({7, 0, 0x80000003, 2}, {5, 0});
  EXPECT_EQ(branch_seed(5, 2, 7, 3), std::uint64_t{words[1]} << 32 | words[0]);
}

}  // namespace
}  // namespace longplay
