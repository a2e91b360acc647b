#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "midi/midi_file.hpp"
#include "support/midi_bytes.hpp"

namespace longplay {
namespace {

Stop never;

using Sentences = std::vector<std::string>;

const Bytes kNote{0, 0x90, 60, 64, 10, 0x80, 60, 0, 0, 0xFF, 0x2F, 0};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes chunk(const std::string& name, const Bytes& data, std::uint32_t size) {
  Bytes bytes(name.begin(), name.end());
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  return bytes + data;
}

Bytes chunk(const std::string& name, const Bytes& data) {
  return chunk(name, data, static_cast<std::uint32_t>(data.size()));
}

Bytes header(std::uint8_t tracks) { return {'M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 1, 0, tracks, 1, 0xF4}; }

struct Opened {
  std::vector<Bytes> tracks;
  Sentences warnings;
};

Opened open(const Bytes& bytes) {
  MidiWarnings warnings;
  Opened opened;
  for (const MidiTrack& track : open_midi(bytes, warnings, never).tracks)
    opened.tracks.emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(track.begin),
                               bytes.begin() + static_cast<std::ptrdiff_t>(track.end));
  opened.warnings = warnings.sentences();
  return opened;
}

TEST(MidiOpen, AnyWrongLengthOfATrackIsPutRightByItsEndOfTrack) {
  for (const std::uint32_t size : {0U, 1U, 4U, 11U, 13U, 20U, 24U, 32U, 33U, 1000U, 0xFFFFFFFFU}) {
    const Opened opened = open(header(2) + chunk("MTrk", kNote, size) + chunk("MTrk", kNote));
    EXPECT_EQ(opened.tracks, (std::vector<Bytes>{kNote, kNote})) << size;
    EXPECT_EQ(opened.warnings, (Sentences{"1 track has a wrong length and was read up to End-of-Track or the "
                                          "next track, at byte 18"}))
        << size;
  }
}

TEST(MidiOpen, EveryLengthMayBeWrong) {
  for (const std::uint32_t size : {0U, 11U, 13U, 0xFFFFFFFFU}) {
    const Bytes track = chunk("MTrk", kNote, size);
    const Opened opened = open(header(3) + track + track + track);
    EXPECT_EQ(opened.tracks, (std::vector<Bytes>{kNote, kNote, kNote})) << size;
    ASSERT_EQ(opened.warnings.size(), 1U) << size;
    EXPECT_TRUE(opened.warnings[0].starts_with("3 tracks have a wrong length and were read"))
        << opened.warnings[0];
  }
}

TEST(MidiOpen, ATrackOfWrongLengthWithoutEndOfTrackEndsBeforeTheNext) {
  const Bytes open_end(kNote.begin(), kNote.end() - 4);
  for (const std::uint32_t size : {0U, 3U, 9U, 500U}) {
    const Opened opened = open(header(2) + chunk("MTrk", open_end, size) + chunk("MTrk", kNote));
    EXPECT_EQ(opened.tracks, (std::vector<Bytes>{open_end, kNote})) << size;
  }
}

TEST(MidiOpen, AMessageThatTheNextTrackCutsShortTakesNothingOfIt) {
  const Bytes cut(kNote.begin(), kNote.end() - 5);  // without the velocity of its note_off
  for (const std::uint32_t size : {0U, 3U, 500U}) {
    const Opened opened = open(header(2) + chunk("MTrk", cut, size) + chunk("MTrk", kNote));
    EXPECT_EQ(opened.tracks, (std::vector<Bytes>{cut, kNote})) << size;
  }
}

TEST(MidiOpen, ATrackThatCannotBeReadGivesWayToTheNext) {
  const Bytes bad{0, 0x90, 60, 64, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0};
  for (const std::uint32_t size : {0U, 3U, 500U}) {
    const Opened opened = open(header(2) + chunk("MTrk", bad, size) + chunk("MTrk", kNote));
    ASSERT_EQ(opened.tracks.size(), 2U) << size;
    EXPECT_EQ(opened.tracks[1], kNote) << size;
  }
}

TEST(MidiOpen, TheLettersOfATrackMayStandInATextAndInBytesThatTellNothing) {
  const Bytes text = Bytes{0, 0xFF, 1, 9, 'M', 'T', 'r', 'k', 0, 0, 0, 1, 0} + kNote;
  const Bytes without_end(text.begin(), text.end() - 4);
  EXPECT_EQ(open(header(2) + chunk("MTrk", text) + chunk("MTrk", text)).tracks,
            (std::vector<Bytes>{text, text}));
  EXPECT_EQ(open(header(1) + chunk("MTrk", text)).warnings, Sentences{});
  const Opened opened = open(header(2) + chunk("MTrk", without_end) + chunk("MTrk", kNote));
  EXPECT_EQ(opened.tracks, (std::vector<Bytes>{without_end, kNote}));
  EXPECT_EQ(opened.warnings, Sentences{});
  const Bytes junk{'*'};
  EXPECT_EQ(open(header(1) + chunk("MTrk", without_end) + junk).tracks, (std::vector<Bytes>{without_end}));
}

TEST(MidiOpen, BytesBetweenAndAfterChunksAreSkippedAndCounted) {
  const Bytes junk{1, 2, 3};
  const Opened opened = open(header(2) + junk + chunk("MTrk", kNote) + junk + chunk("MTrk", kNote) + junk);
  EXPECT_EQ(opened.tracks, (std::vector<Bytes>{kNote, kNote}));
  EXPECT_EQ(opened.warnings, (Sentences{"9 bytes outside of chunks were skipped, the first at byte 14"}));
}

TEST(MidiOpen, AChunkOfAnotherKindWithAWrongLengthHidesNoTrack) {
  for (const std::uint32_t size : {0U, 1U, 5U, 100U, 0xFFFFFFFFU}) {
    const Opened opened = open(header(1) + chunk("XFIH", {7, 7}, size) + chunk("MTrk", kNote));
    EXPECT_EQ(opened.tracks, (std::vector<Bytes>{kNote})) << size;
    EXPECT_EQ(opened.warnings, (Sentences{"10 bytes outside of chunks were skipped, at byte 14"})) << size;
  }
  const Opened opened = open(header(1) + chunk("XFIH", {7, 7}) + chunk("MTrk", kNote));
  EXPECT_EQ(opened.warnings,
            (Sentences{"1 chunk that is not a track was skipped with 10 bytes, at byte 14"}));
}

TEST(MidiOpen, AWrongLengthOfTheHeaderIsRead) {
  for (const int size : {0, 5, 7, 20, 255}) {
    Bytes file = header(1) + chunk("MTrk", kNote);
    file[7] = static_cast<std::uint8_t>(size);
    const Opened opened = open(file);
    EXPECT_EQ(opened.tracks, (std::vector<Bytes>{kNote})) << size;
    EXPECT_EQ(opened.warnings, (Sentences{"the header has a length of " + std::to_string(size) +
                                          ", which was read as 6, at byte 4"}));
  }
}

TEST(MidiOpen, TheHeaderMayComeLate) {
  const Bytes file = header(1) + chunk("MTrk", kNote);
  for (const std::size_t size : {1U, 2U, 3U, 128U, 65'000U}) {
    const Opened opened = open(Bytes(size, 0) + file);
    EXPECT_EQ(opened.tracks, (std::vector<Bytes>{kNote})) << size;
    EXPECT_EQ(opened.warnings, (Sentences{std::to_string(size) + (size == 1 ? " byte" : " bytes") +
                                          " before the header, MThd, " + (size == 1 ? "was" : "were") +
                                          " skipped, at byte 0"}));
  }
  const Bytes letters{'M', 'T', 'h', 'd', ' ', 'i', 's', ' ', 'a', ' ', 'h', 'e', 'a', 'd', 'e', 'r'};
  EXPECT_EQ(open(Bytes{'\n'} + letters + file).tracks, (std::vector<Bytes>{kNote}));
  MidiWarnings warnings;
  EXPECT_THROW(open_midi(Bytes(70'000, 0) + file, warnings, never), MidiError);
  EXPECT_THROW(open_midi(Bytes{'\n'} + letters, warnings, never), MidiError);
}

TEST(MidiOpen, ARiffWrapperIsTakenOff) {
  const Bytes file = header(1) + chunk("MTrk", kNote);
  Bytes riff{'R', 'I', 'F', 'F', 0, 0, 0, 0, 'R', 'M', 'I', 'D'};
  const Bytes list{'L', 'I', 'S', 'T', 4, 0, 0, 0, 'I', 'N', 'F', 'O'};
  const Bytes data{'d', 'a', 't', 'a', 34, 0, 0, 0};
  const Opened plain = open(riff + data + file);
  EXPECT_EQ(plain.tracks, (std::vector<Bytes>{kNote}));
  EXPECT_EQ(plain.warnings,
            (Sentences{"20 bytes before the header, MThd, were skipped (a RIFF wrapper), at byte 0"}));
  const Opened more = open(riff + list + Bytes(70'000, 0) + data + file + list);
  EXPECT_EQ(more.tracks, (std::vector<Bytes>{kNote}));
  EXPECT_EQ(more.warnings.size(), 2U) << "what comes after the tracks is counted too";
}

TEST(MidiOpen, TheByteThatFillsARiffChunkOfAnOddSizeIsNotLost) {
  Bytes note = kNote;
  note.insert(note.begin(), {0, 0xFF, 1, 1, 'a'});  // a text, so that the file has an odd size
  const Bytes file = header(1) + chunk("MTrk", note);
  const Bytes wrapper{'R', 'I', 'F', 'F', 52, 0, 0, 0, 'R', 'M', 'I', 'D', 'd', 'a', 't', 'a', 39, 0, 0, 0};
  const auto warnings = [&](const Bytes& end) { return open(wrapper + file + end).warnings.size(); };
  EXPECT_EQ(warnings({}), warnings({0}));
  EXPECT_GT(warnings({1}), warnings({0})) << "it is always zero";
  EXPECT_GT(warnings({0, 0}), warnings({0}));
  EXPECT_EQ(open(file + Bytes{0}).warnings.size(), 1U) << "only RIFF fills chunks";
}

TEST(MidiOpen, ManyTracksOfWrongLengthAreFoundInOnePass) {
  // Were each searched to the end of the file, this would take minutes.
  Bytes file = header(0);
  const Bytes track = chunk("MTrk", {0, 0x90, 60, 64}, 0x00FFFFFF);
  for (int i = 0; i < 60'000; ++i) file.insert(file.end(), track.begin(), track.end());
  EXPECT_EQ(open(file).tracks.size(), 60'000U);
}

}  // namespace
}  // namespace longplay
