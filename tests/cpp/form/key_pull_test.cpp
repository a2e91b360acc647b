#include "form/key_pull.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "form/form_rules.hpp"

namespace longplay {
namespace {

const std::vector<std::int32_t> kOctave{60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71};

std::vector<float> leaned(const KeyPull& pull) {
  std::vector<float> bias(kOctave.size(), 0.0F);
  pull.lean(kOctave, bias);
  return bias;
}

KeyPull after(KeyPull pull, const std::vector<int>& pitches, int times) {
  for (int i = 0; i < times; ++i) {
    for (const int pitch : pitches) pull.push(static_cast<std::uint8_t>(pitch));
  }
  return pull;
}

TEST(KeyPull, ChangesNothingWithoutAKey) {
  EXPECT_EQ(leaned(after(KeyPull(), {60, 64, 67}, 100)), std::vector<float>(12, 0.0F));
}

TEST(KeyPull, ChangesNothingWhereTheMusicFits) {
  const KeyPull c_e_g(KeyPull::of_notes(std::vector<Note>{{0, 1, 60, 1}, {0, 1, 64, 1}, {0, 1, 67, 1}}));
  for (const float bias : leaned(after(c_e_g, {60, 64, 67}, 100))) EXPECT_NEAR(bias, 0, 0.02);
}

TEST(KeyPull, LeavesPassingNotesFree) {
  const KeyPull c_major(KeyPull::of_key(0, false));
  const KeyPull passing = after(c_major, {60, 64, 67, 62, 65, 69, 67, 71, 66, 72}, 100);
  EXPECT_LT(100 * passing.fit(), FormRules::kNamedAim);
  EXPECT_GT(100 * passing.fit(), FormRules::kSeedAim);
  EXPECT_EQ(leaned(passing), std::vector<float>(12, 0.0F));
  const KeyPull strict(KeyPull::of_key(0, false), FormRules::kNamedAim);
  EXPECT_LT(leaned(after(strict, {60, 64, 67, 62, 65, 69, 67, 71, 66, 72}, 100))[6], 0);  // F sharp
}

TEST(KeyPull, TellsHowWellTheLastNotesFit) {
  const KeyPull c_major(KeyPull::of_key(0, false));
  EXPECT_NEAR(c_major.fit(), 1, 1e-6);
  EXPECT_LT(after(c_major, {61, 63, 66, 68, 70}, 100).fit(), -0.5);
}

TEST(KeyPull, PullsBackFromAnotherKey) {
  const KeyPull c_major(KeyPull::of_key(0, false));
  const std::vector<float> bias = leaned(after(c_major, {61, 65, 68}, 100));  // the chord of D flat
  EXPECT_LT(bias[1], -0.5);                                                   // D flat
  EXPECT_LT(bias[8], -0.5);                                                   // A flat
  EXPECT_GT(bias[7], 0.5);                                                    // G
  EXPECT_EQ(std::ranges::max_element(bias) - bias.begin(), 0);                // C
}

TEST(KeyPull, NamesKeysByTonicAndMode) {
  const auto c_minor = KeyPull::of_key(0, true), d_minor = KeyPull::of_key(2, true);
  EXPECT_GT(c_minor[3], c_minor[4]);
  for (std::size_t c = 0; c < 12; ++c) EXPECT_EQ(d_minor[(c + 2) % 12], c_minor[c]);
}

TEST(KeyPull, ForgetsTheLastPiece) {
  KeyPull pull = after(KeyPull(KeyPull::of_key(0, false)), {61, 65, 68}, 100);
  pull.begin_piece();
  EXPECT_EQ(leaned(pull), std::vector<float>(12, 0.0F));
}

TEST(KeyPull, HasWeightsInRange) {
  EXPECT_TRUE(after(KeyPull(KeyPull::of_key(0, false)), {61}, 10'000).is_valid());
  EXPECT_FALSE(KeyPull(KeyPull::Profile{-1, 5}).is_valid());
  EXPECT_FALSE(KeyPull(KeyPull::of_key(0, false), 0).is_valid());
  EXPECT_FALSE(KeyPull(KeyPull::of_key(0, false), 101).is_valid());
}

}  // namespace
}  // namespace longplay
