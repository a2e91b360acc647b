#include "form/steering.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace longplay {
namespace {

constexpr Bands kBands{.notes_per_second = {2, 8},
                       .mean_pitch = {50, 70},
                       .distinct_pitches = {10, 30},
                       .velocity_spread = {0, 20},
                       .pitch_class_entropy = {2.5, 3.5}};
const std::vector<float> kShifts = Steering::octaves(std::vector<std::int32_t>{0, 100, 500, 2000});
const std::vector<std::int32_t> kPitches{40, 52, 60, 61, 72, 84};
const std::vector<std::int32_t> kVelocities{20, 60, 64, 110};

// Pitches of C major and two others, round and round: within every band when four a second.
int usual_pitch(int i) {
  constexpr int kPitch[] = {48, 52, 55, 60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 58, 66};
  return kPitch[i % 15];
}

struct Playing {
  std::function<std::int64_t(int)> every_ms = [](int) { return 250; };
  std::function<int(int)> pitch = usual_pitch;
  std::function<int(int)> velocity = [](int i) { return 60 + i % 10; };
};

Steering play(const Playing& playing, std::int64_t until_ms, Steering steering = {},
              std::int64_t from_ms = 0) {
  std::int64_t onset = from_ms;
  for (int i = 0; onset < until_ms; ++i) {
    steering.push({onset, 100, static_cast<std::uint8_t>(playing.pitch(i)),
                   static_cast<std::uint8_t>(playing.velocity(i))});
    onset += playing.every_ms(i);
  }
  return steering;
}

template <typename Value>
using Lean = void (Steering::*)(const Steering::Pull&, std::span<const Value>, std::span<float>) const;

template <typename Value>
std::vector<float> leaned(const Steering& steering, Lean<Value> lean, const std::vector<Value>& values) {
  std::vector<float> bias(values.size(), 0.0F);
  (steering.*lean)(steering.pull(kBands), values, bias);
  return bias;
}

bool ascends(const std::vector<float>& bias) { return std::ranges::is_sorted(bias, std::less_equal<>()); }
bool descends(const std::vector<float>& bias) { return std::ranges::is_sorted(bias, std::greater_equal<>()); }

TEST(Steering, LeavesUsualMusicAlone) {
  const Steering steering = play({}, 400'000);
  EXPECT_EQ(leaned(steering, &Steering::lean_time_shift, kShifts), std::vector<float>(4));
  EXPECT_EQ(leaned(steering, &Steering::lean_pitch, kPitches), std::vector<float>(6));
  EXPECT_EQ(leaned(steering, &Steering::lean_velocity, kVelocities), std::vector<float>(4));
}

TEST(Steering, FavoursLongShiftsWhereNotesAreManyAndShortOnesWhereTheyAreFew) {
  const Steering many = play({.every_ms = [](int) { return 120; }}, 200'000);
  const Steering few = play({.every_ms = [](int) { return 520; }}, 200'000);
  EXPECT_TRUE(ascends(leaned(many, &Steering::lean_time_shift, kShifts)));
  EXPECT_TRUE(descends(leaned(few, &Steering::lean_time_shift, kShifts)));
}

TEST(Steering, PullsByOneAtTheEdgeAndByThreeAtMost) {
  const auto pull = [](std::int64_t every_ms) {
    return play({.every_ms = [=](int) { return every_ms; }}, 200'000).pull(kBands).notes_per_second;
  };
  EXPECT_NEAR(pull(125), 1, 0.05);
  EXPECT_NEAR(pull(500), -1, 0.05);
  EXPECT_EQ(pull(20), 3);
  EXPECT_EQ(pull(2000), -3);
}

TEST(Steering, FavoursPitchesThatBringTheMeanBack) {
  const Steering high = play({.pitch = [](int i) { return usual_pitch(i) + 12; }}, 200'000);
  const Steering low = play({.pitch = [](int i) { return usual_pitch(i) - 16; }}, 200'000);
  EXPECT_TRUE(descends(leaned(high, &Steering::lean_pitch, kPitches)));
  EXPECT_TRUE(ascends(leaned(low, &Steering::lean_pitch, kPitches)));
}

TEST(Steering, DisfavoursNewPitchesWhereThereAreMany) {
  const Steering many =
      play({.pitch = [](int i) { return i % 3 == 0 ? 45 + i / 3 % 30 : usual_pitch(i); }}, 200'000);
  ASSERT_GT(many.pull(kBands).distinct_pitches, 0);
  const auto bias =
      leaned(many, &Steering::lean_pitch, {60, 72, 84, 96});  // two that were heard, two that were not
  EXPECT_GT(bias[1] - 1, bias[2]);
  EXPECT_EQ(bias[2], bias[3]);
}

TEST(Steering, FavoursFrequentPitchClassesWhereTheEntropyIsHighAndRareOnesWhereItIsLow) {
  const Steering even = play({.pitch = [](int i) { return i % 5 == 0 ? 60 : 54 + i % 12; }}, 200'000);
  const Steering uneven = play({.pitch = [](int i) { return i % 4 == 0 ? usual_pitch(i) : 60; }}, 200'000);
  const std::vector<std::int32_t> c_and_f_sharp{60, 54};
  EXPECT_TRUE(descends(leaned(even, &Steering::lean_pitch, c_and_f_sharp)));
  EXPECT_TRUE(ascends(leaned(uneven, &Steering::lean_pitch, c_and_f_sharp)));
}

TEST(Steering, FavoursMiddlingVelocitiesWhereTheyAreSpread) {
  const auto bias = leaned(play({.velocity = [](int i) { return i % 2 == 0 ? 30 : 90; }}, 200'000),
                           &Steering::lean_velocity, kVelocities);
  EXPECT_LT(bias[0], bias[1]);
  EXPECT_LT(bias[3], bias[2]);
}

TEST(Steering, ABandFromZeroHasNoLowerEdge) {
  EXPECT_EQ(play({.velocity = [](int) { return 64; }}, 200'000).pull(kBands).velocity_spread, 0);
}

TEST(Steering, ForgetsAfterFiveMinutes) {
  const Steering high = play({.pitch = [](int i) { return usual_pitch(i) + 24; }}, 300'000);
  EXPECT_GT(high.pull(kBands).mean_pitch, 0);
  const Steering later = play({}, 600'000, high, 300'000);
  EXPECT_EQ(later.pull(kBands).mean_pitch, 0);
  EXPECT_EQ(later.pull(kBands).distinct_pitches, play({}, 300'000).pull(kBands).distinct_pitches);
  const Steering after_a_rest = play({}, 1'300'000, high, 1'200'000);
  EXPECT_EQ(after_a_rest.pull(kBands).mean_pitch, 0);
}

TEST(Steering, ForgetsAllThatWasBeforeALongRest) {
  const Steering spread = play({.velocity = [](int i) { return i % 2 == 0 ? 30 : 90; }}, 300'000);
  EXPECT_GT(spread.pull(kBands).velocity_spread, 0);
  EXPECT_EQ(play({}, 1'300'000, spread, 1'200'000).pull(kBands).velocity_spread, 0);
}

TEST(Steering, TakesTheRateOfTheLastMinuteAndTheMeanPitchOfTheLastTwo) {
  const Steering dense = play({.every_ms = [](int) { return 120; }}, 300'000, play({}, 240'000), 240'000);
  EXPECT_GT(dense.pull(kBands).notes_per_second, 0.9);
  const Steering high =
      play({.pitch = [](int i) { return usual_pitch(i) + 12; }}, 300'000, play({}, 180'000), 180'000);
  EXPECT_GT(high.pull(kBands).mean_pitch, 2);
}

TEST(Steering, CountsTimeFromTheFirstNote) {
  EXPECT_EQ(play({}, 210'000, {}, 200'000).pull(kBands).notes_per_second, 0);
}

TEST(Steering, IsGentleWhileThereIsLittleToGoBy) {
  const Playing dense{.every_ms = [](int) { return 20; }};
  const double early = play(dense, 2'000).pull(kBands).notes_per_second;
  EXPECT_GT(early, 0);
  EXPECT_LT(early, 0.35);
  EXPECT_EQ(Steering().pull(kBands).notes_per_second, 0);
}

TEST(Steering, KeepsToTimesThatHavePassed) {
  EXPECT_TRUE(Steering().is_valid(0));
  const Steering steering = play({}, 1001);
  EXPECT_TRUE(steering.is_valid(1000));
  EXPECT_FALSE(steering.is_valid(999));
}

}  // namespace
}  // namespace longplay
