#include "form/pianist.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "events/sampling.hpp"
#include "support/note_fields.hpp"

namespace longplay {
namespace {

const std::vector<std::int32_t> kKeys = [] {
  std::vector<std::int32_t> keys(88);
  std::iota(keys.begin(), keys.end(), 21);
  return keys;
}();

Pianist after(const std::vector<std::pair<int, std::int64_t>>& notes) {
  Pianist pianist;
  for (const auto& [pitch, onset_ms] : notes) pianist.push(static_cast<std::uint8_t>(pitch), onset_ms);
  return pianist;
}

std::set<int> allowed(const Pianist& pianist, std::int64_t onset_ms) {
  std::vector<float> bias(kKeys.size(), 0.0F);
  pianist.forbid_pitches(kKeys, onset_ms, bias);
  std::set<int> left;
  for (std::size_t id = 0; id < kKeys.size(); ++id) {
    if (bias[id] == 0) left.insert(kKeys[id]);
  }
  return left;
}

std::set<int> range(int low, int high) {
  std::set<int> pitches;
  for (int pitch = low; pitch <= high; ++pitch) pitches.insert(pitch);
  return pitches;
}

TEST(Pianist, StrikesAnyKeyAtFirst) { EXPECT_EQ(allowed({}, 0), range(21, 108)); }

TEST(Pianist, ReachesAnOctaveWithEachHand) {
  std::set<int> reached = range(36, 84);
  reached.erase(48);  // struck just now
  reached.erase(72);
  EXPECT_EQ(allowed(after({{48, 0}, {72, 0}}), 0), reached);
  reached = range(28, 52);
  reached.merge(range(67, 91));
  reached.erase(40);
  reached.erase(79);
  EXPECT_EQ(allowed(after({{40, 0}, {79, 0}}), 0), reached);
}

TEST(Pianist, LeapsASemitoneEachTenMilliseconds) {
  const Pianist pianist = after({{36, 0}, {72, 0}});
  EXPECT_EQ(*allowed(pianist, 50).rbegin(), 84);
  EXPECT_EQ(*allowed(pianist, 59).rbegin(), 84);
  EXPECT_EQ(*allowed(pianist, 60).rbegin(), 85);
  EXPECT_EQ(*allowed(pianist, 150).rbegin(), 94);
}

TEST(Pianist, HasFiveFingersOnEachHand) {
  const Pianist left = after({{40, 0}, {42, 0}, {44, 0}, {46, 0}, {48, 0}, {65, 0}});
  EXPECT_EQ(allowed(left, 0).count(41), 0U);
  EXPECT_EQ(allowed(left, 0).count(66), 1U);
  EXPECT_EQ(allowed(left, 51).count(41), 1U);
}

TEST(Pianist, DoesNotCrossTheHandsWithinAQuarterOfASecond) {
  const Pianist pianist = after({{60, 0}, {79, 0}, {40, 190}});  // left, right, left
  EXPECT_EQ(allowed(pianist, 200).count(56), 0U);
  EXPECT_EQ(allowed(pianist, 250).count(56), 0U);
  EXPECT_EQ(allowed(pianist, 251).count(56), 1U);
}

TEST(Pianist, StrikesAKeyAgainAfterATenthOfASecond) {
  const Pianist pianist = after({{60, 1000}});
  EXPECT_EQ(allowed(pianist, 1099).count(60), 0U);
  EXPECT_EQ(allowed(pianist, 1100).count(60), 1U);
}

TEST(Pianist, WaitsUntilAKeyIsFree) {
  const Tokenizer tokenizer(note_fields());  // shifts of 0, 10, 100 ms and more
  const std::vector<std::int32_t> one{60};
  std::vector<float> bias(8, 0.0F);
  after({{60, 0}}).forbid_onsets(tokenizer, one, 0, bias);
  EXPECT_EQ(std::vector(bias.begin(), bias.begin() + 3), (std::vector<float>{kForbidden, kForbidden, 0}));
  bias = {0, 0, kForbidden, kForbidden, kForbidden, kForbidden, kForbidden, kForbidden};
  after({{60, 0}}).forbid_onsets(tokenizer, one, 0, bias);
  EXPECT_EQ(bias[0], 0);  // otherwise no shift would be left
}

TEST(Pianist, KeepsToTimesThatHavePassed) {
  EXPECT_TRUE(Pianist().is_valid(0));
  EXPECT_TRUE(after({{60, 1000}}).is_valid(1000));
  EXPECT_FALSE(after({{60, 1000}}).is_valid(999));
}

}  // namespace
}  // namespace longplay
