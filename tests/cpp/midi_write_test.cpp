#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "longplay/midi_file.hpp"
#include "midi_bytes.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kMaxDelta = (std::int64_t{1} << 28) - 1;

std::string refusal(const std::vector<ChannelMessage>& messages, std::int64_t end_tick, int division = 500) {
  try {
    format_midi(messages, end_tick, division, true);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(MidiWrite, DeltasTakeAsFewBytesAsTheyNeed) {
  const auto track_of = [](std::int64_t end_tick) {
    const Bytes file = format_midi({}, end_tick, 500, true);
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
  EXPECT_EQ(format_midi(messages, 2, 500, true),
            midi_file({{0, 0x90, 60, 64, 1, 62, 64, 1, 0xC0, 5, 0, 0x90, 60, 0, 0, 0xFF, 0x2F, 0}}, 0));
  EXPECT_EQ(format_midi(messages, 2, 500, false).size(), format_midi(messages, 2, 500, true).size() + 1);
}

TEST(MidiWrite, RefusesWhatAFileCannotHold) {
  EXPECT_EQ(refusal({{5, 0x90, 60, 64}, {4, 0x90, 60, 0}}, 9), "messages[1].tick is 4, not 5 to 268435460");
  EXPECT_EQ(refusal({}, kMaxDelta + 1), "end_tick is 268435456, not 0 to 268435455");
  EXPECT_EQ(refusal({{5, 0x90, 60, 64}}, 4), "end_tick is 4, not 5 to 268435460");
  EXPECT_EQ(refusal({{0, 0xF0, 60, 64}}, 1), "messages[0].status is 240, not 128 to 239");
  EXPECT_EQ(refusal({{0, 0x90, 128, 64}}, 1), "messages[0].data1 is 128, not 0 to 127");
  EXPECT_EQ(refusal({{0, 0x90, 60, 128}}, 1), "messages[0].data2 is 128, not 0 to 127");
  EXPECT_EQ(refusal({}, 1, 0), "ticks_per_quarter is 0, not 1 to 32767");
  EXPECT_EQ(refusal({}, 1, 32'768), "ticks_per_quarter is 32768, not 1 to 32767");
}

}  // namespace
}  // namespace longplay
