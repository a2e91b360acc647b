#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "score/channels.hpp"
#include "score/score.hpp"
#include "support/midi_bytes.hpp"
#include "support/settings.hpp"

namespace longplay {

void PrintTo(const Note& note, std::ostream* out) {
  *out << "{" << note.onset_ms << ", " << note.duration_ms << ", " << int{note.pitch} << ", "
       << int{note.velocity} << "}";
}

namespace {

Stop never;

using Notes = std::vector<Note>;

TEST(Score, TimeIsExactUnderATempoMapWithOddNumbers) {
  // 700001 us per quarter of 3 ticks, from tick 1 on 300007: tick 2 is at (500000 + 700001) / 3 us.
  const Bytes bytes = midi_file({{1,    0xFF, 0x51, 3,    0x0A, 0xAE, 0x61, 1, 0x90, 60,   64,   0, 0xFF,
                                  0x51, 3,    0x04, 0x93, 0xE7, 1,    60,   0, 0,    0xFF, 0x2F, 0}},
                                0, 3);
  const Score score = read_score(bytes, kRead, never);
  EXPECT_EQ(score.notes, (Notes{{400, 100, 60, 64}}));
  EXPECT_EQ(score.warnings.size(), 1U) << "the running status went across a tempo event";
}

TEST(Score, HalvesOfAMillisecondAreRoundedUp) {
  // 1000 ticks per quarter: a tick is half a millisecond.
  const Bytes bytes = midi_file({{1, 0x90, 60, 64, 4, 60, 0, 0, 0xFF, 0x2F, 0}}, 0, 1000);
  EXPECT_EQ(read_score(bytes, kRead, never).notes, (Notes{{1, 2, 60, 64}}));
}

TEST(Score, TracksAreMergedByTickAndThenByTheirOrder) {
  // The second track's pedal comes down at the tick at which the first one's key comes up: too late.
  const Bytes pedal{10, 0xB0, 64, 127, 90, 0xFF, 0x2F, 0};
  const Bytes key{0, 0x90, 60, 64, 10, 60, 0, 0, 0xFF, 0x2F, 0};
  EXPECT_EQ(read_score(midi_file({key, pedal}), kRead, never).notes, (Notes{{0, 10, 60, 64}}));
  EXPECT_EQ(read_score(midi_file({pedal, key}), kRead, never).notes, (Notes{{0, 100, 60, 64}}));
}

TEST(Score, ManyTracksPlayTogether) {
  // Each track's note comes earlier than that of the track before, and changes the tempo from there on: to 2
  // ms a tick at odd ticks, to 1 ms at even ones. A message out of order would get a wrong time.
  Bytes file{'M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 1, 0, 100, 0x01, 0xF4};
  for (std::uint8_t track = 0; track < 100; ++track) {
    const auto tick = static_cast<std::uint8_t>(100 - track);
    const Bytes tempo = tick % 2 == 1 ? Bytes{0x0F, 0x42, 0x40} : Bytes{0x07, 0xA1, 0x20};
    const Bytes one = midi_file({{tick, 0xFF, 0x51, 3, tempo[0], tempo[1], tempo[2], 0, 0x90, tick, 64, 1,
                                  0x80, tick, 0, 0, 0xFF, 0x2F, 0}});
    file.insert(file.end(), one.begin() + 14, one.end());
  }
  Notes expected;
  std::int64_t onset = 0;
  for (std::uint8_t tick = 1; tick <= 100; ++tick) {
    onset += tick % 2 == 1 ? 1 : 2;  // ms, by the tempo of the tick before
    expected.push_back({onset, tick % 2 == 1 ? 2 : 1, tick, 64});
  }
  const Score score = read_score(file, kRead, never);
  EXPECT_EQ(score.notes, expected);
  EXPECT_TRUE(score.warnings.empty());
}

TEST(Score, ASequenceOfType2KnowsNothingOfTheOneBefore) {
  // The first leaves its pedal and a key down.
  const Bytes first{0, 0xB0, 64, 127, 0, 0x90, 60, 64, 5, 62, 64, 5, 62, 0, 10, 0xFF, 0x2F, 0};
  const Bytes second{0, 0x80, 60, 0, 5, 0x90, 64, 64, 5, 64, 0, 10, 0xFF, 0x2F, 0};
  EXPECT_EQ(read_score(midi_file({first, second}, 2), kRead, never).notes,
            (Notes{{0, 20, 60, 64}, {5, 15, 62, 64}, {25, 5, 64, 64}}));
}

TEST(Score, ResolvingKeepsTheLongestAndLoudestAndCutsTheEarlier) {
  Notes notes{{50, 10, 60, 1}, {0, 100, 60, 5}, {0, 20, 60, 9}, {0, 70, 59, 3}, {50, 5, 60, 7}};
  resolve_overlaps(notes);
  EXPECT_EQ(notes, (Notes{{0, 70, 59, 3}, {0, 50, 60, 9}, {50, 10, 60, 7}}));
}

TEST(Score, ResolvingTakesPitchesThatAreNotMidi) {
  Notes notes{{0, 10, 255, 64}, {5, 10, 255, 64}};
  resolve_overlaps(notes);
  EXPECT_EQ(notes, (Notes{{0, 5, 255, 64}, {5, 10, 255, 64}}));
}

TEST(Score, WhatIsWrittenIsReadBack) {
  const Notes notes{{0, 10, 60, 64}, {0, 999, 61, 1}, {10, 1, 60, 127}, {500, 400, 0, 64}, {500, 1, 127, 64}};
  for (const bool running_status : {true, false})
    for (const std::int64_t clip_ms : {0, 1'000, 30'000}) {
      const Bytes bytes = write_score(notes, 1'500, {.running_status = running_status, .clip_ms = clip_ms});
      const Score score = read_score(bytes, kRead, never);
      EXPECT_EQ(score.notes, notes);
      EXPECT_TRUE(score.warnings.empty());
    }
}

TEST(Score, AMillionNotesOverAnHourLongOneAreReadBack) {
  Notes notes{{0, 3'599'000, 0, 1}};
  for (std::int64_t i = 0; i < 1'000'000; ++i)
    notes.push_back({3 * i, 1 + i % 250, static_cast<std::uint8_t>(1 + i % 127), 64});
  const Score score = read_score(write_score(notes, 3'600'000, kWrite), kRead, never);
  EXPECT_EQ(score.notes, notes);
}

// Deltas of 4 bytes have up to 2^28 - 1 ticks of 1 ms: three days.
const Bytes kThreeDays{0xFF, 0xFF, 0xFF, 0x7F};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Score, WhatComesBeforeAMessagePast24HoursIsRead) {
  const Bytes note{0, 0x90, 60, 64, 10, 0x80, 60, 0};
  const Bytes end{0, 0xFF, 0x2F, 0};
  const Bytes late_note = note + kThreeDays + Bytes{0x90, 62, 64, 1, 0x80, 62, 0};
  for (const Bytes& track : {note + kThreeDays + Bytes{0xFF, 0x2F, 0}, late_note + end,
                             note + kThreeDays + Bytes{0xB0, 7, 100} + end}) {
    const Score score = read_score(midi_file({track}), kRead, never);
    EXPECT_EQ(score.notes, (Notes{{0, 10, 60, 64}}));
    ASSERT_EQ(score.warnings.size(), 1U);
    EXPECT_NE(score.warnings[0].find("later than 24 h"), std::string::npos);
  }
  EXPECT_EQ(read_score(midi_file({late_note + end}), kRead, never).warnings[0],
            "3 messages later than 24 h, 1 of them the start of a note, were skipped, the first at byte 34");
}

TEST(Score, ATrackThatGoesPast24HoursLosesNothingOfTheOthers) {
  const Bytes late = Bytes{0, 0x90, 60, 64} + kThreeDays + Bytes{0x80, 60, 0, 0, 0xFF, 0x2F, 0};
  const Bytes early{5, 0x91, 64, 64, 20, 0x81, 64, 0, 0, 0xFF, 0x2F, 0};
  const Notes together{{0, 25, 60, 64}, {5, 20, 64, 64}};  // the first lasts to the last message in time
  EXPECT_EQ(read_score(midi_file({late, early}), kRead, never).notes, together);
  EXPECT_EQ(read_score(midi_file({early, late}), kRead, never).notes, together);
  EXPECT_EQ(read_score(midi_file({late, early}, 2), kRead, never).notes,
            (Notes{{0, 1, 60, 64}, {5, 20, 64, 64}}));
}

TEST(Score, EveryWarningCountsAndSaysWhere) {
  const Bytes track{0,  0x99, 36, 64, 0,  0xC0, 40,   0,    0x90, 60, 64, 0, 0xC0, 0,    0, 0x90,
                    61, 64,   0,  62, 64, 9,    0xFF, 0x51, 2,    1,  1,  0, 0xFF, 0x2F, 0};
  EXPECT_EQ(read_score(midi_file({track}), {.sustain = true, .keep_drums = false, .piano_only = true}, never)
                .warnings,
            (std::vector<std::string>{
                "1 tempo event of zero or of the wrong size was skipped, at byte 44",
                "2 notes are never released and last to the end of the track, the first at byte 37",
                "1 note of a program that is no piano was left out, at byte 30",
                "1 note of channel 10 (drums) was left out, at byte 23"}));
}

TEST(Score, ADayCanBeWritten) {
  const Notes notes{{ScoreLimits::kMaxMilliseconds - 2, 1, 60, 64}};
  EXPECT_EQ(read_score(write_score(notes, ScoreLimits::kMaxMilliseconds, kWrite), kRead, never).notes, notes);
}

TEST(Score, EachProgramHasAChannelAndDrumsHaveTheTenth) {
  const Notes notes{{0, 100, 60, 64, 40}, {0, 100, 60, 64, Note::kDrums}, {50, 100, 60, 64}};
  const Bytes file = write_score(notes, 200, {.running_status = false, .clip_ms = 0});
  const Bytes expected{0,  0xC0, 0,    0,  0xC1, 40, 0,    0x91, 60, 64, 0,    0x99, 60, 64, 50,   0x90, 60,
                       64, 50,   0x81, 60, 0,    0,  0x89, 60,   0,  50, 0x80, 60,   0,  50, 0xFF, 0x2F, 0};
  EXPECT_EQ(Bytes(file.begin() + 22, file.end()), expected);
  EXPECT_EQ(read_score(file, kRead, never).notes.size(), 2);  // a piano plays them
}

TEST(Score, TheRarestOfMoreProgramsThanChannelsAreMerged) {
  Notes notes;
  for (std::uint8_t program = 0; program < 16; ++program)
    for (std::int64_t time = 0; time < 3; ++time)
      if (time == 0 || program != 7) notes.push_back({time * 100, 50, 60, 64, program});
  resolve_overlaps(notes);
  const Channels channels = assign_channels(notes);
  EXPECT_EQ(channels.changes.size(), 15);
  EXPECT_EQ(std::ranges::count(notes, 7, &Note::program), 0);
  EXPECT_EQ(notes.size(), 45);
  EXPECT_EQ(channels.of[6], 6);
  EXPECT_EQ(channels.of[15], 15);
}

}  // namespace
}  // namespace longplay
