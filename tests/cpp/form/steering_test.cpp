#include "form/steering.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "form/form_rules.hpp"
#include "generator/archive.hpp"

namespace longplay {
namespace {

constexpr Band kBand{2, 8};
constexpr double kMost = FormRules::kMostSteering;

std::vector<Note> notes(int count, std::int64_t every_ms, std::int64_t length_ms = 100) {
  std::vector<Note> made;
  for (int i = 0; i < count; ++i)
    made.push_back({.onset_ms = every_ms * i, .duration_ms = length_ms, .pitch = 60, .velocity = 64});
  return made;
}

Steering after(Steering steering, int count, std::int64_t every_ms, std::int64_t length_ms = 100) {
  for (const Note& note : notes(count, every_ms, length_ms)) steering.push(note);
  return steering;
}

TEST(Steering, LeavesTheDensityOfTheSeedAlone) {
  const Steering seed(notes(600, 250));
  EXPECT_EQ(seed.pull(&kBand).time_shift, 0);
  EXPECT_NEAR(after(seed, 2000, 250).pull(&kBand).time_shift, 0, 0.01);
  EXPECT_EQ(after(seed, 2000, 220).pull(&kBand).time_shift, 0);  // real music becomes a little denser
}

TEST(Steering, PullsBackToTheDensityOfTheSeedGently) {
  const Steering seed(notes(600, 250));
  EXPECT_GT(after(seed, 4000, 180).pull(nullptr).time_shift, 0.1);
  EXPECT_LT(after(seed, 4000, 290).pull(nullptr).time_shift, -0.1);
  EXPECT_EQ(after(seed, 4000, 20).pull(nullptr).time_shift, kMost);
  EXPECT_EQ(after(seed, 4000, 2000).pull(nullptr).time_shift, -kMost);
  EXPECT_EQ(Steering(notes(600, 20)).pull(&kBand).time_shift,
            0);  // the seed's density counts, not the model's
}

TEST(Steering, CountsTheLastFortySeconds) {
  const Steering seed(notes(600, 100));
  EXPECT_EQ(after(seed, 100, 50).pull(nullptr).time_shift, 0);  // 5 s of twice the density
  EXPECT_GT(after(seed, 1000, 50).pull(nullptr).time_shift, 1);
}

TEST(Steering, KeepsToTheBandOfTheModelWithoutASeed) {
  EXPECT_EQ(after({}, 2000, 130).pull(&kBand).time_shift, 0);
  EXPECT_EQ(after({}, 2000, 490).pull(&kBand).time_shift, 0);
  EXPECT_GT(after({}, 2000, 100).pull(&kBand).time_shift, 0.1);
  EXPECT_LT(after({}, 2000, 600).pull(&kBand).time_shift, -0.1);
  EXPECT_EQ(after({}, 2000, 20).pull(nullptr).time_shift, 0);
}

TEST(Steering, IsGentleWhileThereIsLittleToGoBy) {
  EXPECT_GT(after({}, 20, 20).pull(&kBand).time_shift, 0);
  EXPECT_LT(after({}, 20, 20).pull(&kBand).time_shift, kMost / 10);
  EXPECT_EQ(Steering().pull(&kBand).time_shift, 0);
}

TEST(Steering, BeginsAPieceAsAfterTheSeed) {
  const Steering seed(notes(300, 250));
  Steering steering = after(seed, 2000, 100);
  steering.begin_piece();
  EXPECT_EQ(steering, seed);
}

TEST(Steering, RanksTimesFromShortToLongAndNeverBeyond) {
  const std::vector<float> ranks = Steering::ranks(std::vector<std::int32_t>{0, 50, 150, 300, 350, 2000});
  EXPECT_TRUE(std::ranges::is_sorted(ranks));
  EXPECT_EQ(ranks.front(), -0.5F);
  EXPECT_EQ(ranks[2], 0);
  EXPECT_EQ(ranks[4], 0.5F);
  EXPECT_EQ(ranks.back(), 0.5F);
}

TEST(Steering, LengthensNotesWhereTooMuchIsSilent) {
  EXPECT_EQ(after({}, 2000, 250, 240).pull(nullptr).duration, 0);  // 4 % of the time
  EXPECT_NEAR(after({}, 2000, 250, 225).pull(nullptr).duration, 0.5, 0.01);
  EXPECT_EQ(after({}, 2000, 250, 50).pull(nullptr).duration, FormRules::kMostLengthening);
  EXPECT_EQ(after({}, 2000, 250, 2000).pull(nullptr).duration, 0);  // long notes are the model's choice
}

TEST(Steering, LengthensNotesWhereFewerSoundThanInTheSeed) {
  const Steering seed(notes(600, 250, 1000));
  EXPECT_EQ(seed.pull(nullptr).duration, 0);
  EXPECT_EQ(after(seed, 2000, 250, 1500).pull(nullptr).duration, 0);
  EXPECT_NEAR(after(seed, 2000, 250, 900).pull(nullptr).duration, 0.61, 0.02);
  EXPECT_EQ(after(seed, 2000, 250, 300).pull(nullptr).duration, FormRules::kMostLengthening);
}

TEST(Steering, AddsItsPullByTheRanks) {
  std::vector<float> bias{0, 1, 0};
  Steering::lean(2, std::vector<float>{-0.5, 0, 0.5}, bias);
  EXPECT_EQ(bias, (std::vector<float>{-1, 1, 1}));
}

TEST(Steering, KeepsToTimesThatHavePassed) {
  EXPECT_TRUE(Steering().is_valid(0));
  const Steering steering = after({}, 5, 250);
  EXPECT_TRUE(steering.is_valid(1000));
  EXPECT_FALSE(steering.is_valid(999));
}

TEST(Steering, WithCountsThatNoNotesGiveIsInvalid) {
  ArchiveWriter writer;
  after(Steering(notes(5, 250)), 5, 250).archive(writer);
  const std::vector<std::byte> good = writer.take();
  const auto is_valid_with = [&](std::size_t number, std::int64_t value) {
    std::vector<std::byte> bytes = good;
    for (std::size_t i = 0; i < 8; ++i) bytes[8 * number + i] = static_cast<std::byte>(value >> (8 * i));
    ArchiveReader reader(bytes);
    Steering read;
    read.archive(reader);
    return read.is_valid(1000);
  };
  EXPECT_TRUE(is_valid_with(0, 999));
  for (std::size_t number = 0; number < 9; ++number) {
    EXPECT_TRUE(is_valid_with(number, 7));
    EXPECT_FALSE(is_valid_with(number, -2));
    EXPECT_FALSE(is_valid_with(number, std::int64_t{1} << 62));
  }
  EXPECT_FALSE(is_valid_with(3, 0)) << "time without notes";
  EXPECT_FALSE(is_valid_with(7, 0)) << "a seed's time without notes";
}

TEST(Steering, OfMusicOfAnyLengthIsValid) {
  for (const int count : {1, 2, 300, 5000}) {
    EXPECT_TRUE(after({}, count, 20'000, 86'000'000).is_valid(20'000 * count));
    EXPECT_TRUE(after(Steering(notes(count, 1)), count, 1).is_valid(count));
  }
}

}  // namespace
}  // namespace longplay
