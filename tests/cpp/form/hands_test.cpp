#include "form/hands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
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

Hands after(const std::vector<int>& pitches, std::int64_t onset_ms = 0) {
  Hands hands;
  for (const int pitch : pitches) hands.push(static_cast<std::uint8_t>(pitch), onset_ms);
  return hands;
}

std::set<int> allowed(const Hands& hands, std::int64_t onset_ms,
                      const std::vector<std::int32_t>& keys = kKeys) {
  std::vector<float> bias(keys.size(), 0.0F);
  hands.forbid_pitches(keys, onset_ms, bias);
  std::set<int> left;
  for (std::size_t id = 0; id < keys.size(); ++id) {
    if (bias[id] == 0) left.insert(keys[id]);
  }
  return left;
}

std::set<int> range(int low, int high) {
  std::set<int> pitches;
  for (int pitch = low; pitch <= high; ++pitch) pitches.insert(pitch);
  return pitches;
}

TEST(Hands, ReachAnyKeyAfterOneNote) {
  std::set<int> others = range(21, 108);
  others.erase(60);
  EXPECT_EQ(allowed(after({60}), 0), others);
}

TEST(Hands, ReachAnOctaveEach) {
  std::set<int> reached = range(24, 48);
  reached.merge(range(60, 72));
  for (const int struck : {36, 60, 72}) reached.erase(struck);
  EXPECT_EQ(allowed(after({36, 60, 72}), 0), reached);
}

TEST(Hands, HaveFiveFingersEach) {
  const std::set<int> left = allowed(after({40, 42, 44, 46, 48}), 0);
  EXPECT_EQ(left.count(41), 1U);  // the right hand takes the highest
  const std::set<int> both = allowed(after({40, 42, 44, 46, 48, 60, 62, 64, 66}), 0);
  EXPECT_EQ(both.count(61), 1U);
  EXPECT_EQ(both.count(41), 0U);  // 48 would fall to the right hand, which reaches up to 60
  EXPECT_EQ(allowed(after({40, 42, 44, 46, 48, 60, 62, 64, 66, 68}), 0),
            range(21, 108));  // no rule leaves nothing
}

TEST(Hands, AreFreeAgainAfterFiftyMilliseconds) {
  const Hands hands = after({36, 60, 72});
  EXPECT_EQ(allowed(hands, 50).count(50), 0U);
  EXPECT_EQ(allowed(hands, 51).size(), 88U);
}

TEST(Hands, WaitUntilTheyCanReachSomething) {
  const Tokenizer tokenizer(note_fields());  // shifts of 0, 10, 100 ms and more
  std::vector<float> bias(8, 0.0F);
  const std::vector<std::int32_t> far{20, 60, 100};
  after({20, 60}).forbid_onsets(tokenizer, far, 0, bias);
  EXPECT_EQ(std::vector(bias.begin(), bias.begin() + 3), (std::vector<float>{kForbidden, kForbidden, 0}));
  bias.assign(8, 0.0F);
  after({20}).forbid_onsets(tokenizer, far, 0, bias);
  EXPECT_EQ(bias, std::vector<float>(8, 0.0F));
  bias = {0, 0, kForbidden, kForbidden, kForbidden, kForbidden, kForbidden, kForbidden};
  after({20, 60}).forbid_onsets(tokenizer, far, 0, bias);
  EXPECT_EQ(bias[0], 0);  // otherwise no shift would be left
}

TEST(Hands, StrikeFewSemitones) {
  Hands hands;
  int semitones = 0;
  for (int chord = 0; chord < 1000; ++chord) {  // tries to strike a semitone each time
    const std::int64_t onset = 100 * chord;
    hands.push(60, onset);
    const bool may = allowed(hands, onset).count(61) > 0;
    semitones += may;
    hands.push(may ? 61 : 64, onset);
  }
  EXPECT_GT(semitones, 10);
  EXPECT_LE(semitones, 22);
}

TEST(Hands, KeepToTimesThatHavePassed) {
  EXPECT_TRUE(Hands().is_valid(0));
  EXPECT_TRUE(after({60}, 1000).is_valid(1000));
  EXPECT_FALSE(after({60}, 1000).is_valid(999));
  EXPECT_FALSE(after({200}, 0).is_valid(0));
}

}  // namespace
}  // namespace longplay
