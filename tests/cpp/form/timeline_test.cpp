#include "form/note_timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "support/note_fields.hpp"
#include "support/settings.hpp"

namespace longplay {
namespace {

// Ids of time_shift in note_fields(): 0, 10, 100, 500, 1000, 4000, 8000 ms, END.
constexpr std::int32_t kZero = 0, kHalfSecond = 3, kSecond = 4, kFourSeconds = 5, kEnd = 7;
constexpr std::int32_t kC = 0, kD = 1;               // pitches
constexpr std::int32_t kShort = 0, kTwoSeconds = 2;  // durations

std::vector<int> allowed(const NoteTimeline& timeline) {
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
  NoteTimeline at(std::int64_t ms, Form form, std::uint64_t random_seed = 0) {
    form.start_ms = ms;
    form.starts_at_once = false;
    return NoteTimeline(tokenizer, form, random_seed, 0);
  }
  // A piece planned to end at `end_ms`, with a short C on each second from 1 to `seconds`.
  NoteTimeline in_c(const Form& form, std::int64_t end_ms, int seconds) {
    NoteTimeline timeline(tokenizer, form, 0, 0, {.pieces = 1, .piece_end = end_ms});
    for (int i = 0; i < seconds; ++i) timeline.advance({kSecond, kC, 0, kShort});
    return timeline;
  }
  Tokenizer tokenizer{note_fields()};
};

// One piece of a minute.
constexpr Form kMinute = recital(60'000);

// Pieces of 20 to 50 seconds, in five minutes.
constexpr Form kRecital = short_pieces(300'000);

TEST_F(TimelineTest, TheFirstNoteSoundsAtOnceWhateverItsShift) {
  NoteTimeline timeline(tokenizer, kMinute, 0, 0);
  EXPECT_EQ(allowed(timeline), (std::vector{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(timeline.advance({kFourSeconds, 0, 0, kShort}), Advance::note);
  EXPECT_EQ(timeline.onset_ms(), 0);
  EXPECT_NE(allowed(NoteTimeline(tokenizer, recital(100), 0, 0)).back(), kEnd);  // however short the whole
}

TEST_F(TimelineTest, NoGapIsLongerThanAllowed) {
  EXPECT_EQ(allowed(at(10'000, kMinute)),
            (std::vector{0, 1, 2, 3, 4}));  // 3 s by default, and 4 s is the next
}

TEST_F(TimelineTest, AnOnsetFallsSoonAfterEachClipBoundary) {
  EXPECT_EQ(allowed(at(29'600, kMinute)), (std::vector{0, 1, 2, 3}));  // to 30'500 at most
  EXPECT_EQ(allowed(at(29'999, kMinute)), (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(allowed(at(30'001, kMinute)), (std::vector{0, 1, 2, 3, 4}));  // this clip has its onset
}

TEST_F(TimelineTest, AnOnsetBeforeTheLatestCutOfABoundaryIsNotTheNewClips) {
  const Form hour = one_piece(3'600'000);
  EXPECT_EQ(allowed(at(1'500'049, hour)), (std::vector{0, 1, 2}));  // boundary 50 may be cut 50 ms late
  EXPECT_EQ(allowed(at(1'500'050, hour)), (std::vector{0, 1, 2, 3, 4}));
  const Form day = one_piece(86'400'000);
  EXPECT_EQ(allowed(at(60'000'118, day)), (std::vector{0, 1, 2}));  // boundary 2000: no grader goes so far
  EXPECT_EQ(allowed(at(60'000'119, day)), (std::vector{0, 1, 2, 3, 4}));
}

TEST_F(TimelineTest, AChordThatNeverEndsIsMovedOn) {
  Form form = kMinute;
  form.max_chord = 2;
  NoteTimeline timeline = at(10'000, form);
  timeline.advance({kHalfSecond, 0, 0, kShort});
  EXPECT_EQ(allowed(timeline).front(), 0);
  timeline.advance({kZero, 1, 0, kShort});
  EXPECT_EQ(allowed(timeline).front(), 1);
}

TEST_F(TimelineTest, AChordThatIsFullAtADeadlineMovesOnByTheShortestShift) {
  Form form = kMinute;
  form.max_gap_ms = 5;
  form.max_chord = 1;
  NoteTimeline timeline = at(10'000, form);
  timeline.advance({kHalfSecond, 0, 0, kShort});
  EXPECT_EQ(allowed(timeline), std::vector{1});
}

TEST_F(TimelineTest, TheLastPieceEndsOnlyWhereLittleSilenceWouldBeLeft) {
  NoteTimeline timeline = at(55'000, kMinute);
  EXPECT_NE(allowed(timeline).back(), kEnd);
  timeline.advance({kZero, 0, 0, kTwoSeconds});  // sounds until 57'000
  EXPECT_EQ(allowed(timeline).back(), kEnd);
  EXPECT_EQ(timeline.advance({kEnd, 0, 0, 0}), Advance::finished);
}

TEST_F(TimelineTest, ANoteThatItsOwnPitchEndsNoLongerSounds) {
  NoteTimeline timeline = at(53'500, kMinute);
  timeline.advance({kZero, kC, 0, kTwoSeconds});
  timeline.advance({2, kD, 0, kTwoSeconds});  // to 55'600
  timeline.take({54'000, 8'000, 60, 80});
  EXPECT_EQ(timeline.state().sounding.until_ms(), 62'000);
  EXPECT_EQ(allowed(timeline).back(), kEnd);
  timeline.advance({2, kC, 0, kShort});
  EXPECT_EQ(timeline.state().sounding.until_ms(), 55'600);
  EXPECT_NE(allowed(timeline).back(), kEnd);
}

TEST_F(TimelineTest, TheLastPieceGoesOnUntilALastClipOfThreeSecondsHasItsOnset) {
  for (const std::int64_t length : {32'999, 33'000}) {
    NoteTimeline timeline = in_c({.length_ms = length}, length, 28);
    timeline.take({29'000, 2'000, 60, 80});
    EXPECT_EQ(allowed(timeline).back() == kEnd, length < 33'000) << length;
    timeline.take({30'001, 2'000, 60, 80});
    EXPECT_EQ(allowed(timeline).back(), kEnd);
  }
}

TEST_F(TimelineTest, BeginsWithTheNotesBeforeIt) {
  Form form = recital(60'000);
  form.start_ms = 55'000;
  form.start_chord = 16;
  form.starts_at_once = false;
  form.sounding.strike({55'000, 2'000, 60, 80});
  const NoteTimeline timeline(tokenizer, form, 0, 0);
  EXPECT_EQ(allowed(timeline).front(), 1);    // the chord is full
  EXPECT_EQ(allowed(timeline).back(), kEnd);  // a note sounds until 57'000
}

TEST_F(TimelineTest, NoNoteStartsTooLateAndThenThePieceHasToEnd) {
  EXPECT_EQ(allowed(at(59'000, kMinute)), (std::vector{0, 1, 2, 3, kEnd}));  // to 59'500 at most
  EXPECT_EQ(allowed(at(59'250, kMinute)), (std::vector{0, 1, 2, kEnd}));
  EXPECT_EQ(allowed(at(59'251, kMinute)), std::vector{kEnd});
  EXPECT_EQ(allowed(at(59'900, kMinute)), std::vector{kEnd});
}

TEST_F(TimelineTest, APieceOfARecitalMayEndOnceItIsLongEnoughAndHasToAtItsPlannedEnd) {
  for (std::uint64_t random_seed = 0; random_seed < 20; ++random_seed) {
    NoteTimeline timeline = at(0, kRecital, random_seed);
    while (allowed(timeline) != std::vector{kEnd}) {
      EXPECT_EQ(allowed(timeline).back() == kEnd,
                timeline.onset_ms() >= 20'000 || timeline.remaining_ms() <= 3'100);
      timeline.advance({2, 0, 0, kShort});
    }
    EXPECT_GE(timeline.onset_ms(), 19'000);
    EXPECT_LE(timeline.onset_ms(), 50'000);
  }
}

TEST_F(TimelineTest, BeforeItsPlannedEndAPieceEndsOnlyOnAFinalClose) {
  NoteTimeline timeline = in_c(kRecital, 50'000, 20);
  EXPECT_EQ(allowed(timeline), (std::vector{0, 1, 2, 3, 4, kEnd}));
  timeline.advance({kSecond, kD, 0, kTwoSeconds});
  EXPECT_EQ(allowed(timeline), (std::vector{0, 1, 2, 3, 4}));
  timeline.advance({kSecond, kC, 0, kShort});
  EXPECT_EQ(allowed(timeline).back(), kEnd);

  NoteTimeline last = in_c(recital(50'000), 50'000, 20);
  EXPECT_TRUE(last.is_closed());
  EXPECT_NE(allowed(last).back(), kEnd);  // the last piece does not end so early
}

TEST_F(TimelineTest, APieceIsClosingInItsLastEightSeconds) {
  EXPECT_FALSE(at(51'999, kMinute).is_closing());
  EXPECT_TRUE(at(52'000, kMinute).is_closing());
  EXPECT_TRUE(in_c(kRecital, 50'000, 42).is_closing());  // of the piece, not of the whole
}

TEST_F(TimelineTest, AClosingPieceThatHasClosedTakesOnlyTheRestOfItsChord) {
  for (const Form& form : {kRecital, recital(50'000)}) {
    NoteTimeline timeline = in_c(form, 50'000, 48);
    EXPECT_EQ(allowed(timeline), (std::vector{kZero, kEnd}));
    timeline.advance({kZero, kC, 0, kShort});
    EXPECT_EQ(allowed(timeline), (std::vector{kZero, kEnd}));
    NoteTimeline open = in_c(form, 50'000, 47);
    open.advance({kSecond, kD, 0, kShort});
    EXPECT_EQ(allowed(open), (std::vector{0, 1, 2, 3, 4, kEnd}));
  }
}

TEST_F(TimelineTest, TheLastPieceGoesOnAfterACloseThatLeavesMuchSilence) {
  NoteTimeline timeline = in_c(kMinute, 60'000, 53);
  EXPECT_TRUE(timeline.is_closing());
  EXPECT_TRUE(timeline.is_closed());
  EXPECT_EQ(allowed(timeline), (std::vector{0, 1, 2, 3, 4}));
}

TEST_F(TimelineTest, ALongNoteThatSoundsToTheEndMustBeACloseBeforeTheLastEightSeconds) {
  for (const std::uint8_t pitch : {60, 62}) {
    NoteTimeline timeline = in_c(kMinute, 60'000, 50);
    timeline.take({51'000, 8'000, pitch, 80});
    EXPECT_FALSE(timeline.is_closing());
    EXPECT_EQ(allowed(timeline).back() == kEnd, pitch == 60);
    timeline.take({52'000, 7'000, pitch, 80});
    EXPECT_EQ(allowed(timeline).back(), kEnd);
  }
}

TEST_F(TimelineTest, ACloseCountsAsFarAsThePlannedEnd) {
  NoteTimeline timeline = in_c(kMinute, 60'000, 0);
  for (int i = 0; i < 58; ++i) timeline.advance({kSecond, kC, 0, kTwoSeconds});
  EXPECT_TRUE(timeline.is_closed());
  timeline.advance({kSecond, kC, 0, kTwoSeconds});  // of which the end leaves one second
  EXPECT_FALSE(timeline.is_closed());
}

TEST_F(TimelineTest, PlansDifferByRandomSeedCandidateAndPiece) {
  const NoteTimeline one(tokenizer, kRecital, 0, 0), two(tokenizer, kRecital, 1, 0),
      three(tokenizer, kRecital, 0, 1);
  EXPECT_NE(one.remaining_ms(), two.remaining_ms());
  EXPECT_NE(one.remaining_ms(), three.remaining_ms());
  NoteTimeline next = one;
  next.advance({kZero, 0, 0, kShort});
  next.advance({kEnd, 0, 0, 0});
  EXPECT_NE(one.remaining_ms(), next.remaining_ms());
}

TEST_F(TimelineTest, WhatIsLeftAfterAPieceIsEnoughForAnother) {
  for (std::int64_t start = 0; start < 290'000; start += 100) {
    const NoteTimeline timeline = at(start, kRecital, static_cast<std::uint64_t>(start));
    const std::int64_t after = 300'000 - start - timeline.remaining_ms();
    EXPECT_TRUE(after == 0 || after >= 20'000 + 1'500) << start;
  }
}

TEST_F(TimelineTest, WithoutARecitalTheWholeIsOnePiece) {
  Form form = kRecital;
  form.recital = false;
  NoteTimeline timeline = at(0, form);
  EXPECT_EQ(timeline.remaining_ms(), 300'000);
  for (int i = 0; i < 150; ++i) timeline.advance({kSecond, 0, 0, kShort});
  EXPECT_NE(allowed(timeline).back(), kEnd);
}

TEST_F(TimelineTest, ANewPieceStartsAtOnceAfterAPause) {
  NoteTimeline timeline = at(0, kRecital);
  for (int i = 0; i < 20; ++i) timeline.advance({kSecond, 0, 0, kTwoSeconds});
  EXPECT_EQ(timeline.advance({kEnd, 0, 0, 0}), Advance::new_piece);
  EXPECT_EQ(timeline.onset_ms(), 20'000 + 2'000 + 1'500);
  EXPECT_NE(allowed(timeline).back(), kEnd);
  EXPECT_EQ(timeline.advance({kFourSeconds, 0, 0, kShort}), Advance::note);
  EXPECT_EQ(timeline.onset_ms(), 23'500);
}

TEST_F(TimelineTest, ANewPieceBeginsWithANewChord) {
  Form form = kRecital;
  form.max_chord = 2;
  NoteTimeline timeline = at(0, form);
  timeline.advance({kZero, 0, 0, kShort});
  timeline.advance({kZero, 1, 0, kShort});
  timeline.advance({kEnd, 0, 0, 0});
  timeline.advance({kSecond, 0, 0, kShort});
  EXPECT_EQ(allowed(timeline).front(), kZero);
}

TEST_F(TimelineTest, ANewPieceIsNotClosedByTheNotesOfTheOneBefore) {
  NoteTimeline timeline = in_c(kRecital, 50'000, 48);
  EXPECT_TRUE(timeline.is_closed());
  timeline.advance({kEnd, 0, 0, 0});
  timeline.advance({kZero, kC, 0, kShort});
  EXPECT_FALSE(timeline.is_closed());
}

TEST_F(TimelineTest, APauseGivesWayToTheClipBoundary) {
  NoteTimeline timeline = at(0, kRecital);
  for (int i = 0; i < 29; ++i) timeline.advance({kSecond, 0, 0, kTwoSeconds});
  timeline.advance({kEnd, 0, 0, 0});
  EXPECT_EQ(timeline.onset_ms(), 30'500);
}

TEST_F(TimelineTest, ResumesAStateAsIfNothingHadBeenBetween) {
  NoteTimeline timeline(tokenizer, kRecital, 7, 0);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_NO_THROW(timeline.state().validate(kRecital));
    const NoteTimeline resumed(tokenizer, kRecital, 7, 0, timeline.state());
    ASSERT_EQ(allowed(resumed), allowed(timeline));
    ASSERT_EQ(resumed.remaining_ms(), timeline.remaining_ms());
    timeline = resumed;
    const int last = allowed(timeline).back();
    if (timeline.advance({last == kEnd ? kEnd : kHalfSecond, 0, 0, i % 9 ? kShort : kTwoSeconds}) ==
        Advance::finished)
      break;
  }
  EXPECT_EQ(timeline.state().piece_end, 300'000);
}

TEST_F(TimelineTest, RefusesAStateThatTheFormDoesNotHave) {
  const auto check = [](TimelineState state, const Form& form = kMinute) {
    state.pieces = std::max<std::uint64_t>(state.pieces, 1);
    state.validate(form);
  };
  Form alone = kMinute;
  alone.recital = false;
  EXPECT_NO_THROW(check({.piece_end = 60'000}));
  EXPECT_THROW(check({.pieces = 2, .piece_end = 60'000}, alone), std::invalid_argument);
  EXPECT_THROW(check({.piece_end = 60'001}), std::invalid_argument);
  EXPECT_THROW(check({.piece_end = 1}), std::invalid_argument);
  EXPECT_THROW(check({.piece_end = 1}, alone), std::invalid_argument);
  EXPECT_THROW(check({.piece_start = 5, .piece_end = 60'000}), std::invalid_argument);
  EXPECT_THROW(check({.piece_end = 60'000, .onset = -1}), std::invalid_argument);
  EXPECT_THROW(check({.piece_end = 60'000, .onset = 60'001}), std::invalid_argument);
  Sounding late;
  late.strike({1, 86'400'000, 60, 80});
  EXPECT_THROW(check({.piece_end = 60'000, .sounding = late}), std::invalid_argument);
  EXPECT_THROW(check({.piece_end = 60'000, .chord = 17}), std::invalid_argument);
  EXPECT_THROW(check({.piece_end = 60'000, .chord = 1}), std::invalid_argument);              // of no note
  EXPECT_THROW(TimelineState{.piece_end = 60'000}.validate(kMinute), std::invalid_argument);  // no piece
}

TEST_F(TimelineTest, ThePlannedEndOfAPieceLeavesRoomForTheNext) {
  const auto check = [](std::int64_t end_ms) {
    TimelineState{.pieces = 2, .piece_start = 100'000, .piece_end = end_ms, .onset = 100'000}.validate(
        kRecital);
  };
  EXPECT_NO_THROW(check(120'000));
  EXPECT_NO_THROW(check(150'000));
  EXPECT_NO_THROW(check(300'000));
  EXPECT_THROW(check(119'999), std::invalid_argument);
  EXPECT_THROW(check(150'001), std::invalid_argument);
  EXPECT_THROW(check(290'000), std::invalid_argument);
}

TEST_F(TimelineTest, APieceThatIsPlannedAgainGoesOnForHalfAMinute) {
  for (std::uint64_t random_seed = 0; random_seed < 50; ++random_seed) {
    const TimelineState state{.pieces = 1, .piece_end = 50'000, .onset = 45'000};
    NoteTimeline timeline(tokenizer, kRecital, random_seed, 0, state);
    timeline.replan_end();
    EXPECT_GE(timeline.remaining_ms(), 30'000);
    EXPECT_LT(timeline.state().piece_end, 300'000);
  }
}

TEST_F(TimelineTest, APieceThatIsPlannedAgainIsTheLastWhereNoOtherFits) {
  const Form form = short_pieces(90'000);
  NoteTimeline timeline(tokenizer, form, 0, 0, {.pieces = 1, .piece_end = 50'000, .onset = 45'000});
  timeline.replan_end();
  EXPECT_EQ(timeline.state().piece_end, 90'000);
}

TEST_F(TimelineTest, MusicWithoutEndNeverMayEndUnlessItIsARecital) {
  NoteTimeline one(tokenizer, one_piece(Form::kEndless), 0, 0);
  NoteTimeline many(tokenizer, recital(Form::kEndless), 0, 0);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_NE(allowed(one).back(), kEnd);
    one.advance({kHalfSecond, 0, 0, kShort});
    const bool end = allowed(many).back() == kEnd;
    ASSERT_NE(many.advance({end ? kEnd : kHalfSecond, 0, 0, kShort}), Advance::finished);
  }
  EXPECT_GT(many.state().pieces, 5U);
}

TEST_F(TimelineTest, TakesANoteThatWasPlayed) {
  NoteTimeline timeline(tokenizer, kMinute, 0, 0);
  timeline.take({1'234, 500, 60, 80});
  EXPECT_EQ(timeline.onset_ms(), 1'234);
  EXPECT_EQ(timeline.state().sounding.until_ms(), 1'734);
  timeline.advance({kSecond, 0, 0, kShort});  // no longer at once
  EXPECT_EQ(timeline.onset_ms(), 2'234);
}

TEST_F(TimelineTest, HearsAChordAsLongAsAPersonPlaysIt) {
  NoteTimeline timeline(tokenizer, kMinute, 0, 0);
  for (int i = 0; i < 100; ++i) timeline.take({0, 500, 60, 80});
  EXPECT_EQ(timeline.state().chord, kMinute.max_chord);
  EXPECT_EQ(allowed(timeline).front(), 1);
}

TEST_F(TimelineTest, RefusesAFormThatMakesNoSense) {
  const auto make = [&](const Form& form) { return NoteTimeline(tokenizer, form, 0, 0); };
  EXPECT_THROW(make(recital(0)), std::invalid_argument);
  EXPECT_THROW(make(recital(Form::kEndless + 1)), std::invalid_argument);
  Form form = recital(1);
  form.max_chord = 0;
  EXPECT_THROW(make(form), std::invalid_argument);
  form = recital(1);
  form.start_chord = 17;
  EXPECT_THROW(make(form), std::invalid_argument);
  form = recital(1);
  form.max_piece_ms = 200'000;
  EXPECT_THROW(make(form), std::invalid_argument);
}

}  // namespace
}  // namespace longplay
