#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "midi/midi_file.hpp"
#include "support/midi_bytes.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kMaxDelta = (std::int64_t{1} << 28) - 1;

Bytes file_of(const std::vector<ChannelMessage>& messages, std::int64_t end_tick, int division,
              bool running_status) {
  MidiWriter writer(messages.size(), division, running_status);
  writer.add(messages);
  return writer.finish(end_tick);
}

std::string refusal(const std::vector<ChannelMessage>& messages, std::int64_t end_tick, int division = 500) {
  try {
    file_of(messages, end_tick, division, true);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(MidiWrite, DeltasTakeAsFewBytesAsTheyNeed) {
  const auto track_of = [](std::int64_t end_tick) {
    const Bytes file = file_of({}, end_tick, 500, true);
    return Bytes(file.begin() + 22, file.end());
  };
  EXPECT_EQ(track_of(0), (Bytes{0x00, 0xFF, 0x2F, 0}));
  EXPECT_EQ(track_of(0x7F), (Bytes{0x7F, 0xFF, 0x2F, 0}));
  EXPECT_EQ(track_of(0x80), (Bytes{0x81, 0x00, 0xFF, 0x2F, 0}));
  EXPECT_EQ(track_of(0x4000), (Bytes{0x81, 0x80, 0x00, 0xFF, 0x2F, 0}));
  EXPECT_EQ(track_of(kMaxDelta), (Bytes{0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x2F, 0}));
}

TEST(MidiWrite, RunningStatusLeavesOutAStatusThatRepeats) {
  const std::vector<ChannelMessage> messages{
      {0, 0x90, 60, 64}, {1, 0x90, 62, 64}, {2, 0xC0, 5, 0}, {2, 0x90, 60, 0}};
  EXPECT_EQ(file_of(messages, 2, 500, true),
            midi_file({{0, 0x90, 60, 64, 1, 62, 64, 1, 0xC0, 5, 0, 0x90, 60, 0, 0, 0xFF, 0x2F, 0}}, 0));
  EXPECT_EQ(file_of(messages, 2, 500, false).size(), file_of(messages, 2, 500, true).size() + 1);
}

TEST(MidiWrite, MessagesMayComeInParts) {
  const std::vector<ChannelMessage> messages{{3, 0x90, 60, 64}, {200, 0x90, 62, 64}, {200, 0xC0, 5, 0}};
  for (const bool running_status : {true, false}) {
    MidiWriter writer(1, 500, running_status);
    for (const ChannelMessage& message : messages) writer.add({&message, 1});
    EXPECT_EQ(writer.finish(201), file_of(messages, 201, 500, running_status));
  }
}

TEST(MidiWrite, ARefusalCountsTheMessagesOfEveryPart) {
  const std::vector<ChannelMessage> messages{{3, 0x90, 60, 64}, {4, 0x90, 62, 64}, {2, 0x90, 60, 0}};
  MidiWriter writer(3, 500, true);
  writer.add(std::span(messages).first(2));
  try {
    writer.add(std::span(messages).subspan(2));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "messages[2].tick must be in [4, 268435459], not 2");
  }
}

TEST(MidiWrite, RefusesWhatAFileCannotHold) {
  EXPECT_EQ(refusal({{5, 0x90, 60, 64}, {4, 0x90, 60, 0}}, 9),
            "messages[1].tick must be in [5, 268435460], not 4");
  EXPECT_EQ(refusal({}, kMaxDelta + 1), "end_tick must be in [0, 268435455], not 268435456");
  EXPECT_EQ(refusal({{5, 0x90, 60, 64}}, 4), "end_tick must be in [5, 268435460], not 4");
  EXPECT_EQ(refusal({{0, 0xF0, 60, 64}}, 1), "messages[0].status must be in [128, 239], not 240");
  EXPECT_EQ(refusal({{0, 0x90, 128, 64}}, 1), "messages[0].data1 must be in [0, 127], not 128");
  EXPECT_EQ(refusal({{0, 0x90, 60, 128}}, 1), "messages[0].data2 must be in [0, 127], not 128");
  EXPECT_EQ(refusal({}, 1, 0), "ticks_per_quarter must be in [1, 32767], not 0");
  EXPECT_EQ(refusal({}, 1, 32'768), "ticks_per_quarter must be in [1, 32767], not 32768");
}

}  // namespace
}  // namespace longplay
