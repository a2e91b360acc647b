#include "events/vocabulary.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "events/sampling.hpp"
#include "generator/archive.hpp"

namespace longplay {
namespace {

// Bars of four quarter notes, a tick each; ids: Bar, Position 0 to 3, Pitch 60 and 62, Duration 1 and 8, End.
VocabularyConfig bars() {
  using enum Operation;
  VocabularyConfig config{.ticks_per_beat = 1, .beats_per_minute = 60, .velocity = 80, .duration = 1};
  config.types = {{"Bar", {{bar, {}}}, {"Position", "Bar"}, {}},
                  {"Position", {{seek, {}}}, {"Pitch"}, {}},
                  {"Pitch", {{pitch, {}}}, {"Duration"}, {Condition::fresh}},
                  {"Duration", {{duration, {}}, {emit, {}}}, {"Pitch", "Position", "Bar", "End"}, {}},
                  {"End", {{end, {}}}, {}, {}}};
  config.first = {"Bar"};
  config.tokens = {{"Bar", {}},       {"Position", {0}}, {"Position", {1}}, {"Position", {2}},
                   {"Position", {3}}, {"Pitch", {60}},   {"Pitch", {62}},   {"Duration", {1}},
                   {"Duration", {8}}, {"End", {}}};
  return config;
}

class VocabularyTest : public ::testing::Test {
 protected:
  Vocabulary vocabulary_{bars()};

  Registers after(const std::vector<std::int32_t>& ids) const {
    Registers at = vocabulary_.begin();
    for (const std::int32_t id : ids) vocabulary_.take(at, id, [](auto...) {}, [](auto) {});
    return at;
  }
  std::vector<std::int32_t> allowed(const std::vector<std::int32_t>& ids) const {
    std::vector<float> bias(vocabulary_.size());
    vocabulary_.constrain(after(ids), bias);
    std::vector<std::int32_t> left;
    for (std::size_t id = 0; id < bias.size(); ++id)
      if (bias[id] != kForbidden) left.push_back(static_cast<std::int32_t>(id));
    return left;
  }
};

TEST_F(VocabularyTest, AllowsTheTypesThatMayFollow) {
  EXPECT_EQ(allowed({}), (std::vector<std::int32_t>{0}));
  EXPECT_EQ(allowed({0}), (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(allowed({0, 1}), (std::vector<std::int32_t>{5, 6}));
  EXPECT_TRUE(allowed({0, 1, 5, 7, 9}).empty());
}

TEST_F(VocabularyTest, APitchIsNewUntilItIsStruckAtTheSameTime) {
  EXPECT_EQ(allowed({0, 2, 5, 7}), (std::vector<std::int32_t>{0, 1, 2, 3, 4, 6, 9}));
  EXPECT_EQ(allowed({0, 2, 5, 7, 3}), (std::vector<std::int32_t>{5, 6}));
}

TEST_F(VocabularyTest, BarsCountFromTheFirst) {
  const std::vector<Note> expected{{1000, 1000, 60, 80}, {8000, 8000, 62, 80}};
  EXPECT_EQ(vocabulary_.decode(std::vector<std::int32_t>{0, 2, 5, 7, 0, 0, 1, 6, 8}), expected);
}

TEST_F(VocabularyTest, KnowsHowFarATokenIsFromANote) {
  EXPECT_EQ(vocabulary_.types()[1].to_progress, 2);  // a position, then a pitch, then a duration
  EXPECT_EQ(vocabulary_.types()[2].to_progress, 1);
}

TEST_F(VocabularyTest, RegistersSurviveAnArchive) {
  Registers before = after({0, 2, 5, 8, 0, 3, 6});
  ArchiveWriter writer;
  before.archive(writer);
  const std::vector<std::byte> bytes = writer.take();
  ArchiveReader reader(bytes);
  Registers read;
  read.archive(reader);
  EXPECT_EQ(read, before);
  EXPECT_TRUE(vocabulary_.is_valid(read));
  read.pitch = 0;  // a bar
  EXPECT_FALSE(vocabulary_.is_valid(read));
}

TEST_F(VocabularyTest, RefusesAnIdOutOfRange) {
  EXPECT_THROW(vocabulary_.decode(std::vector<std::int32_t>{10}), std::invalid_argument);
}

TEST(VocabularyConfig, RefusesWhatWouldNeverEnd) {
  VocabularyConfig config = bars();
  EXPECT_NO_THROW(config.validate(10));
  config.types[3].then = {"Pitch"};
  EXPECT_THROW(config.validate(10), std::invalid_argument);
}

}  // namespace
}  // namespace longplay
