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

// Ids: Shift 1 and 2, Rest 1, Tempo 1 s and 2 s, Program 0, 40 and drums, Note 60 and 62, Meter 3/8, Bar.
VocabularyConfig bands() {
  using enum Operation;
  VocabularyConfig config{
      .ticks_per_beat = 2, .beats_per_minute = 60, .scaled = true, .velocity = 80, .duration = 2};
  const std::vector<std::string> every{"Shift", "Rest", "Tempo", "Program", "Note", "Meter", "Bar"};
  config.types = {{"Shift", {{advance, {}}}, every, {}},
                  {"Rest", {{rest, {}}}, every, {}},
                  {"Tempo", {{tempo, {}}}, every, {}},
                  {"Program", {{program, {}}}, every, {}},
                  {"Note", {{pitch, {}}, {duration, 2}, {emit, {}}}, every, {Condition::fresh}},
                  {"Meter", {{meter, {}}}, every, {}},
                  {"Bar", {{bar, {}}}, every, {}}};
  config.first = every;
  config.tokens = {{"Shift", {2}},         {"Shift", {4}},   {"Rest", {2}},     {"Tempo", {1'000'000}},
                   {"Tempo", {2'000'000}}, {"Program", {0}}, {"Program", {40}}, {"Program", {Note::kDrums}},
                   {"Note", {60}},         {"Note", {62}},   {"Meter", {3, 8}}, {"Bar", {}}};
  return config;
}

std::vector<Note> decoded(const std::vector<std::int32_t>& ids) {
  const VocabularyConfig config = bands();
  config.validate(12);
  return Vocabulary(config).decode(ids);
}

TEST(VocabularyTime, ATempoHoldsForTheTicksThatFollow) {
  const std::vector<Note> expected{{1000, 1000, 60, 80}, {3000, 2000, 62, 80}};
  EXPECT_EQ(decoded({0, 8, 4, 0, 9}), expected);
}

TEST(VocabularyTime, TicksCountTheBeatOfTheMeter) {
  const std::vector<Note> expected{{500, 500, 60, 80}, {1500, 500, 62, 80}};
  EXPECT_EQ(decoded({10, 11, 0, 8, 11, 9}), expected);  // bars of three eighths, notes of one
}

TEST(VocabularyTime, ARestBeginsAtTheEndOfTheNotesAndPassesBars) {
  const std::vector<Note> expected{{0, 500, 60, 80}, {3000, 500, 62, 80}};
  EXPECT_EQ(decoded({10, 11, 8, 2, 2, 11, 9}), expected);  // the rests end with the first bar
}

TEST(VocabularyPrograms, NotesHaveTheLatestProgram) {
  const std::vector<Note> expected{{0, 1000, 60, 80, 40}, {0, 1000, 60, 80, Note::kDrums}, {0, 1000, 62, 80}};
  EXPECT_EQ(decoded({6, 8, 7, 8, 5, 9}), expected);
}

TEST(VocabularyPrograms, APitchIsNewForEachProgram) {
  const VocabularyConfig config = bands();
  const Vocabulary vocabulary(config);
  Registers at = vocabulary.begin();
  std::vector<float> bias(vocabulary.size());
  for (const std::int32_t id : {6, 8}) vocabulary.take(at, id, [](auto...) {}, [](auto) {});
  vocabulary.constrain(at, bias);
  EXPECT_EQ(bias[8], kForbidden);
  vocabulary.take(at, 7, [](auto...) {}, [](auto) {});
  bias.assign(vocabulary.size(), 0);
  vocabulary.constrain(at, bias);
  EXPECT_EQ(bias[8], 0);
}

TEST(VocabularyConfig, RefusesWhatWouldNeverEnd) {
  VocabularyConfig config = bars();
  EXPECT_NO_THROW(config.validate(10));
  config.types[3].then = {"Pitch"};
  EXPECT_THROW(config.validate(10), std::invalid_argument);
}

}  // namespace
}  // namespace longplay
