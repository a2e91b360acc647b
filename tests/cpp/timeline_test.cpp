#include "longplay/timeline.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "note_fields.hpp"

namespace longplay {
namespace {

// Ids of time_shift in note_fields(): 0, 10, 100, 500, 1000, 4000, 8000 ms, END.
constexpr std::int32_t kZero = 0, kHalfSecond = 3, kSecond = 4, kFourSeconds = 5, kEnd = 7;
constexpr std::int32_t kShort = 0, kTwoSeconds = 2;  // durations

std::vector<int> allowed(const Timeline& timeline) {
  std::vector<float> bias(8, 0.0F);
  timeline.constrain(bias);
  std::vector<int> ids;
  for (int id = 0; id < 8; ++id) {
    if (!std::isinf(bias[static_cast<std::size_t>(id)])) ids.push_back(id);
  }
  return ids;
}

class TimelineTest : public testing::Test {
 protected:
  Timeline at(std::int64_t ms, Form form) {
    form.start_ms = ms;
    form.starts_at_once = false;
    return Timeline(tokenizer, form);
  }
  Tokenizer tokenizer{note_fields()};
};

TEST_F(TimelineTest, TheFirstNoteSoundsAtOnceWhateverItsShift) {
  Timeline timeline(tokenizer, {.length_ms = 60'000});
  EXPECT_EQ(allowed(timeline), (std::vector{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(timeline.advance({kFourSeconds, 0, 0, kShort}), Advance::note);
  EXPECT_EQ(timeline.onset_ms(), 0);
}

TEST_F(TimelineTest, NoGapIsLongerThanAllowed) {
  const Timeline timeline = at(10'000, {.length_ms = 60'000, .max_gap_ms = 3'000});
  EXPECT_EQ(allowed(timeline), (std::vector{0, 1, 2, 3, 4}));
}

TEST_F(TimelineTest, AnOnsetFallsSoonAfterEachClipBoundary) {
  EXPECT_EQ(allowed(at(29'600, {.length_ms = 60'000})), (std::vector{0, 1, 2, 3}));     // to 30'500 at most
  EXPECT_EQ(allowed(at(29'999, {.length_ms = 60'000})), (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(allowed(at(30'000, {.length_ms = 60'000})), (std::vector{0, 1, 2, 3, 4}));  // this clip has its onset
}

TEST_F(TimelineTest, AChordThatNeverEndsIsMovedOn) {
  Timeline timeline = at(10'000, {.length_ms = 60'000, .max_chord = 2});
  timeline.advance({kHalfSecond, 0, 0, kShort});
  EXPECT_EQ(allowed(timeline).front(), 0);
  timeline.advance({kZero, 1, 0, kShort});
  EXPECT_EQ(allowed(timeline).front(), 1);
}

TEST_F(TimelineTest, AChordThatIsFullAtADeadlineMovesOnByTheShortestShift) {
  Timeline timeline = at(10'000, {.length_ms = 60'000, .max_gap_ms = 5, .max_chord = 1});
  timeline.advance({kHalfSecond, 0, 0, kShort});
  EXPECT_EQ(allowed(timeline), std::vector{1});
}

TEST_F(TimelineTest, APieceEndsOnlyWhenLongEnoughAndAnotherFits) {
  const Form form{.length_ms = 300'000, .min_piece_ms = 60'000};
  Timeline timeline = at(0, form);
  EXPECT_NE(allowed(timeline).back(), kEnd);
  for (int i = 0; i < 60; ++i) timeline.advance({kSecond, 0, 0, kShort});
  EXPECT_EQ(allowed(timeline).back(), kEnd);
  EXPECT_NE(allowed(at(245'000, form)).back(), kEnd);  // too late for another, too early to stop
}

TEST_F(TimelineTest, WithoutARecitalThePieceEndsOnlyAtTheEnd) {
  Timeline timeline = at(0, {.length_ms = 300'000, .recital = false, .min_piece_ms = 10'000});
  for (int i = 0; i < 150; ++i) timeline.advance({kSecond, 0, 0, kShort});
  EXPECT_NE(allowed(timeline).back(), kEnd);  // a recital's piece might end here
  for (int i = 0; i < 147; ++i) timeline.advance({kSecond, 0, 0, kShort});
  EXPECT_EQ(allowed(timeline).back(), kEnd);
}

TEST_F(TimelineTest, TheEndLeavesNoLongSilence) {
  Timeline timeline = at(55'000, {.length_ms = 60'000, .max_tail_ms = 3'000});
  EXPECT_NE(allowed(timeline).back(), kEnd);
  timeline.advance({kZero, 0, 0, kTwoSeconds});  // sounds until 57'000
  EXPECT_EQ(allowed(timeline).back(), kEnd);
  EXPECT_EQ(timeline.advance({kEnd, 0, 0, 0}), Advance::finished);
}

TEST_F(TimelineTest, ANewPieceStartsAtOnceAfterAPause) {
  Timeline timeline = at(0, {.length_ms = 300'000, .pause_ms = 1'500, .min_piece_ms = 10'000});
  for (int i = 0; i < 20; ++i) timeline.advance({kSecond, 0, 0, kTwoSeconds});
  EXPECT_EQ(timeline.advance({kEnd, 0, 0, 0}), Advance::new_piece);
  EXPECT_EQ(timeline.onset_ms(), 20'000 + 2'000 + 1'500);
  EXPECT_EQ(timeline.advance({kFourSeconds, 0, 0, kShort}), Advance::note);
  EXPECT_EQ(timeline.onset_ms(), 23'500);
}

TEST_F(TimelineTest, APauseGivesWayToTheClipBoundary) {
  Timeline timeline = at(0, {.length_ms = 300'000, .min_piece_ms = 10'000});
  for (int i = 0; i < 29; ++i) timeline.advance({kSecond, 0, 0, kTwoSeconds});
  timeline.advance({kEnd, 0, 0, 0});
  EXPECT_EQ(timeline.onset_ms(), 30'500);
}

TEST_F(TimelineTest, ANoteThatWouldStartTooLateFinishes) {
  Timeline timeline = at(59'000, {.length_ms = 60'000, .last_onset_ms = 500});
  EXPECT_EQ(timeline.advance({kHalfSecond, 0, 0, kShort}), Advance::note);
  EXPECT_EQ(timeline.advance({1, 0, 0, kShort}), Advance::finished);
}

TEST_F(TimelineTest, TheTimeLeftIsToldOnlyOfTheLastPiece) {
  const Form form{.length_ms = 300'000, .pause_ms = 1'500, .min_piece_ms = 60'000};
  EXPECT_EQ(at(238'500, form).remaining_ms(), -1);
  EXPECT_EQ(at(238'501, form).remaining_ms(), 61'499);
  Form one_piece = form;
  one_piece.recital = false;
  EXPECT_EQ(at(1'000, one_piece).remaining_ms(), 299'000);
}

TEST_F(TimelineTest, RefusesAFormThatMakesNoSense) {
  EXPECT_THROW(Timeline(tokenizer, {.length_ms = 0}), std::invalid_argument);
  EXPECT_THROW(Timeline(tokenizer, {.length_ms = 1, .max_chord = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace longplay
