#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "midi/midi_file.hpp"
#include "support/midi_bytes.hpp"

namespace longplay {
namespace {

Stop never;

std::vector<MidiEvent> events(const Bytes& bytes, MidiWarnings& warnings) {
  const MidiFile file = open_midi(bytes, warnings, never);
  std::vector<MidiEvent> all;
  for (const MidiTrack& track : file.tracks) {
    MidiTrackReader reader(bytes, track, warnings);
    for (MidiEvent event; reader.next(event);) all.push_back(event);
    EXPECT_FALSE(reader.next(all.emplace_back())) << "a track ends once";
    all.pop_back();
  }
  return all;
}

TEST(MidiRead, GivesEveryMessageWithItsTickItsBytesAndItsPlace) {
  const Bytes bytes = midi_file({{0x00, 0x90, 60, 64, 0x81, 0x00, 60, 0, 0x05, 0xC3, 7, 0, 0xFF, 0x2F, 0}});
  MidiWarnings warnings;
  const auto got = events(bytes, warnings);
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[0].status, 0x90);
  EXPECT_EQ(got[0].offset, 23U);
  EXPECT_EQ(got[1].tick, 128);
  EXPECT_EQ(got[1].status, 0x90) << "running status";
  EXPECT_EQ(got[1].data1, 60);
  EXPECT_EQ(got[1].data2, 0);
  EXPECT_EQ(got[1].offset, 28U) << "of the first data byte";
  EXPECT_EQ(got[2].tick, 133);
  EXPECT_EQ(got[2].data1, 7);
  EXPECT_EQ(got[3].data1, kMetaEndOfTrack);
  EXPECT_TRUE(warnings.sentences().empty());
}

TEST(MidiRead, PointsIntoTheFileForThePayloadOfMetaAndSysex) {
  const Bytes bytes = midi_file({{0, 0xFF, 0x51, 3, 1, 2, 3, 0, 0xF0, 2, 9, 0xF7, 0, 0xFF, 0x2F, 0}});
  MidiWarnings warnings;
  const auto got = events(bytes, warnings);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].data1, kMetaTempo);
  EXPECT_EQ(got[0].payload.data(), bytes.data() + 26);
  EXPECT_EQ(got[0].payload.size(), 3U);
  EXPECT_EQ(got[1].status, kSysex);
  EXPECT_EQ(got[1].payload.size(), 2U);
}

TEST(MidiRead, EndsATrackThatIsCutAtItsLastWholeMessage) {
  const Bytes bytes = midi_file({{10, 0x90, 60, 64, 20, 60}});
  MidiWarnings warnings;
  const auto got = events(bytes, warnings);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[1].data1, kMetaEndOfTrack);
  EXPECT_EQ(got[1].tick, 10);
  ASSERT_EQ(warnings.sentences().size(), 1U);
  EXPECT_EQ(warnings.sentences()[0],
            "1 track ends inside a message, of which 2 bytes were skipped, at byte 26");
}

TEST(MidiRead, EveryPrefixOfAFileIsReadOrRefusedWithinIt) {
  const Bytes whole = midi_file({{0, 0xFF, 0x51, 3, 7, 161, 32, 0, 0xFF, 0x2F, 0},
                                 {0, 0x90, 60, 64, 0x83, 0x60, 60, 0, 0, 0xFF, 0x2F, 0}});
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    // A copy of just this size, so that a sanitizer sees the first byte read past it.
    const Bytes prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    MidiWarnings warnings;
    try {
      events(prefix, warnings);
      EXPECT_GE(size, 14U);
    } catch (const MidiError& error) {
      EXPECT_LT(size, 14U);
      EXPECT_LE(error.offset(), size);
    }
  }
}

TEST(MidiRead, DivisionSaysWhatATickIs) {
  MidiWarnings warnings;
  const Bytes quarter = midi_file({}, 1, 0x7FFF);
  EXPECT_EQ(open_midi(quarter, warnings, never).division.ticks_per_quarter, 0x7FFF);
  const Bytes frames = midi_file({}, 1, 0xE350);
  const MidiDivision division = open_midi(frames, warnings, never).division;
  EXPECT_EQ(division.ticks_per_quarter, 0);
  EXPECT_EQ(division.frames_per_second, 29);
  EXPECT_EQ(division.ticks_per_frame, 80);
}

TEST(MidiRead, RefusesAFileAboveTheLimitWithoutReadingIt) {
  const std::size_t size = MidiLimits::kMaxBytes + 1;
  const auto untouched = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  MidiWarnings warnings;
  try {
    open_midi({untouched.get(), size}, warnings, never);
    FAIL();
  } catch (const MidiError& error) {
    EXPECT_EQ(error.offset(), MidiLimits::kMaxBytes);
  }
}

TEST(MidiRead, AMillionOdditiesAreOneSentence) {
  MidiWarnings warnings;
  for (std::size_t i = 0; i < 1'000'000; ++i) warnings.add(MidiOddity::system_message, 50 + i);
  EXPECT_EQ(warnings.sentences(),
            std::vector<std::string>{
                "1000000 system messages that a file may not hold were skipped, the first at byte 50"});
}

TEST(MidiRead, TheFirstByteOfAWarningIsTheLowestWhateverTheOrder) {
  MidiWarnings warnings;
  warnings.add(MidiOddity::drum_note, 90);
  warnings.add(MidiOddity::drum_note, 30);
  warnings.add(MidiOddity::drum_note, 60);
  EXPECT_EQ(warnings.sentences()[0], "3 notes of channel 10 (drums) were left out, the first at byte 30");
}

TEST(MidiRead, ADataByteAbove127IsReadAs127InEveryChannelMessage) {
  const Bytes bytes =
      midi_file({{0,    0x90, 0x80, 0xFF, 0,    0xB0, 7, 0x90, 0,    0xC0, 0xF0, 0, 0xD0, 0x81, 0,
                  0xE0, 0xFE, 1,    0,    0xA0, 0xF7, 2, 0,    0x91, 60,   0xFF, 0, 0xFF, 0x2F, 0}});
  MidiWarnings warnings;
  const auto got = events(bytes, warnings);
  ASSERT_EQ(got.size(), 8U);
  const std::vector<std::pair<int, int>> expected{{127, 127}, {7, 127}, {127, 0}, {127, 0},
                                                  {127, 1},   {127, 2}, {60, 127}};
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(std::pair(int{got[i].data1}, int{got[i].data2}), expected[i]) << i;
  EXPECT_EQ(warnings.sentences(),
            (std::vector<std::string>{"8 data bytes above 127 were read as 127, the first at byte 24"}));
}

TEST(MidiRead, ANumberMayHaveFiveBytesAndEndsTheTrackWithSix) {
  MidiWarnings none;
  const auto got = events(midi_file({{0x9F, 0xFF, 0xFF, 0xFF, 0x7F, 0x90, 60, 64,   0,    0xFF, 1,
                                      0x80, 0x80, 0x80, 0x80, 1,    'a',  0,  0xFF, 0x2F, 0}}),
                          none);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].tick, (std::int64_t{1} << 33) - 1);
  EXPECT_EQ(got[1].payload.size(), 1U);
  EXPECT_TRUE(none.sentences().empty());

  MidiWarnings warnings;
  const auto ended = events(midi_file({{5, 0x90, 60, 64, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 60, 0}}), warnings);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[1].data1, kMetaEndOfTrack);
  EXPECT_EQ(ended[1].tick, 5);
  EXPECT_EQ(warnings.sentences(),
            (std::vector<std::string>{
                "1 track holds a variable-length number of more than 5 bytes; the rest of the track "
                "(8 bytes) was skipped, at byte 26"}));
}

TEST(MidiRead, ADataByteBeforeAnyStatusEndsItsTrackAlone) {
  MidiWarnings warnings;
  const auto got = events(midi_file({{0, 60, 64}, {7, 0x90, 60, 64, 0, 0xFF, 0x2F, 0}}), warnings);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[1].tick, 7);
  EXPECT_EQ(warnings.sentences(),
            (std::vector<std::string>{"1 track holds a data byte before any status byte; "
                                      "the rest of the track (3 bytes) was skipped, at byte 22"}));
}

TEST(MidiRead, ARunningStatusIsInterruptedOnceByAMetaEvent) {
  const Bytes bytes =
      midi_file({{0, 0x90, 60, 64, 0, 0xFF, 1, 0, 1, 60, 0, 1, 60, 64, 1, 60, 0, 0, 0xFF, 0x2F, 0}});
  MidiWarnings warnings;
  EXPECT_EQ(events(bytes, warnings).size(), 6U);
  EXPECT_EQ(warnings.sentences(),
            (std::vector<std::string>{"1 running status was kept across a meta event or sysex, at byte 31"}));
}

}  // namespace
}  // namespace longplay
