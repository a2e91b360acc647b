#include "form/stuck_guard.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "events/sampling.hpp"

namespace longplay {
namespace {

const std::vector<std::int32_t> kPitches{60, 62, 64, 65};

StuckGuard trill(int notes, std::int64_t every_ms) {
  StuckGuard guard;
  for (int i = 0; i < notes; ++i) guard.push(i % 2 == 0 ? 60 : 62, every_ms * i);
  return guard;
}

std::vector<bool> forbidden(const StuckGuard& guard, std::int64_t onset_ms,
                            const std::vector<std::int32_t>& pitches = kPitches) {
  std::vector<float> bias(pitches.size(), 0.0F);
  guard.forbid(pitches, onset_ms, bias);
  std::vector<bool> found;
  for (const float each : bias) found.push_back(each == kForbidden);
  return found;
}

TEST(StuckGuard, LeavesATrillBeforeItHasTwentyNotesInTenSeconds) {
  EXPECT_EQ(forbidden(trill(18, 100), 1'800), std::vector<bool>(4, false));
  EXPECT_EQ(forbidden(trill(19, 100), 1'900), (std::vector<bool>{true, true, false, false}));
}

// Returns the pitches from 60 in turn, two a second, for 11 s.
StuckGuard slow(int pitches) {
  StuckGuard guard;
  for (int i = 0; i < 22; ++i) guard.push(static_cast<std::uint8_t>(60 + i % pitches), 600 * i);
  return guard;
}

TEST(StuckGuard, LeavesFourPitchesAfterTenSecondsOfAnyPace) {
  EXPECT_EQ(forbidden(slow(4), 13'200, {60, 63, 64}), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(forbidden(slow(5), 13'200, {60, 63, 65}), std::vector<bool>(3, false));
  StuckGuard one;
  for (const std::int64_t onset_ms : {0, 9'999}) one.push(60, onset_ms);
  EXPECT_EQ(forbidden(one, 10'000), std::vector<bool>(4, false));  // the music has not lasted longer
  EXPECT_EQ(forbidden(one, 10'001), (std::vector<bool>{true, false, false, false}));
  EXPECT_EQ(forbidden(one, 20'000), std::vector<bool>(4, false));  // silence is not stuck
}

TEST(StuckGuard, IsContentWithEightPitches) {
  StuckGuard guard = trill(30, 100);
  for (int i = 0; i < 5; ++i) guard.push(static_cast<std::uint8_t>(70 + i), 3'000 + 100 * i);
  EXPECT_EQ(forbidden(guard, 3'500)[0], true);  // seven
  guard.push(75, 3'500);
  EXPECT_EQ(forbidden(guard, 3'600), std::vector<bool>(4, false));
}

TEST(StuckGuard, LeavesAPitchIfThereIsNoOther) {
  EXPECT_EQ(forbidden(trill(30, 100), 3'000, {60, 62}), std::vector<bool>(2, false));
}

TEST(StuckGuard, KeepsToTimesThatHavePassed) {
  EXPECT_TRUE(trill(3, 100).is_valid(200));
  EXPECT_FALSE(trill(3, 100).is_valid(199));
  StuckGuard late;
  late.push(60, 500);
  for (std::uint8_t i = 1; i < 40; ++i) late.push(60, 500);
  EXPECT_FALSE(late.is_valid(400));
}

}  // namespace
}  // namespace longplay
