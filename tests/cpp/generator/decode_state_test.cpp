#include "generator/decode_state.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "support/note_fields.hpp"

namespace longplay {
namespace {

constexpr Form kForm{.length_ms = 600'000};

ModelConfig config() {
  ModelConfig made;
  made.fields = note_fields();
  made.states = {{.input = "h", .output = "next_h", .type = ElementType::float32, .shape = {3}}};
  return made;
}

DecodeState decode_state() {
  DecodeState made;
  made.events_drawn = 300;
  made.event = {1, 2, 0, 1};
  made.state.assign(12, std::byte{7});
  made.prompt_event = {8, 3, 2, 3};
  made.prompt_state.assign(12, std::byte{9});
  made.form.timeline = {.pieces = 2,
                        .piece_start = 150'000,
                        .piece_end = 400'000,
                        .onset = 160'000,
                        .sounding_until = 161'000,
                        .chord = 3};
  static const PhraseIndex nothing({}, {});
  made.form.quote_guard.watch(&nothing);
  made.form.quote_guard.push(60, 160'000);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t onset = 400 * i;
    made.form.loop_guard.next_onset();
    made.form.loop_guard.push(i % 3);
    made.form.timeline.cadence.push({onset, 100, 60, 64});
    made.form.steering.push({onset, 100, 60, 64});
  }
  return made;
}

std::string refusal(const DecodeState& wrong) {
  try {
    unpack(pack(wrong), config(), kForm);
  } catch (const SnapshotError& error) {
    return error.what();
  }
  return "";
}

TEST(DecodeState, IsTheSameAfterBeingPacked) {
  const DecodeState before = decode_state();
  const DecodeState after = unpack(pack(before), config(), kForm);
  EXPECT_EQ(after.events_drawn, before.events_drawn);
  EXPECT_EQ(after.event, before.event);
  EXPECT_EQ(after.state, before.state);
  EXPECT_EQ(after.prompt_event, before.prompt_event);
  EXPECT_EQ(after.prompt_state, before.prompt_state);
  EXPECT_EQ(after.form.timeline.piece_end, before.form.timeline.piece_end);
  EXPECT_EQ(after.form.timeline.at_once, before.form.timeline.at_once);
  EXPECT_EQ(pack(after), pack(before));  // the guards, the cadence and the steering too
}

TEST(DecodeState, IsPackedLittleEndian) {
  const auto bytes = pack(decode_state());
  EXPECT_EQ(bytes[0], std::byte{300 % 256});
  EXPECT_EQ(bytes[1], std::byte{1});
}

TEST(DecodeState, IsRefusedWhereverItIsCut) {
  const auto bytes = pack(decode_state());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(unpack(std::span(bytes).first(size), config(), kForm), SnapshotError) << size;
  }
}

TEST(DecodeState, IsRefusedWithBytesLeftOver) {
  auto bytes = pack(decode_state());
  bytes.push_back(std::byte{0});
  EXPECT_THROW(unpack(bytes, config(), kForm), SnapshotError);
}

TEST(DecodeState, TakesNoMemoryForACountThatCannotBe) {
  auto bytes = pack(decode_state());
  std::fill_n(bytes.begin() + 8, 8, std::byte{0xff});  // how many ids the last event has
  EXPECT_THROW(unpack(bytes, config(), kForm), SnapshotError);
}

TEST(DecodeState, WithAnyByteChangedIsReadOrRefused) {
  const auto good = pack(decode_state());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      auto bytes = good;
      bytes[at] ^= static_cast<std::byte>(flip);
      try {
        unpack(bytes, config(), kForm);
      } catch (const SnapshotError&) {
      }
    }
  }
}

TEST(DecodeState, ThatDoesNotFitTheModelIsRefusedWithASentence) {
  DecodeState wrong = decode_state();
  wrong.event[1] = 4;
  EXPECT_EQ(refusal(wrong), "the snapshot's last event is not an event of the model");
  wrong = decode_state();
  wrong.prompt_event.pop_back();
  EXPECT_EQ(refusal(wrong), "the snapshot's last event is not an event of the model");
  wrong = decode_state();
  wrong.state.pop_back();
  EXPECT_EQ(refusal(wrong), "the snapshot's state must have 12 bytes or twice as many, not 11");
  wrong = decode_state();
  wrong.prompt_state.clear();
  EXPECT_EQ(refusal(wrong), "the snapshot's state must have 12 bytes or twice as many, not 0");
  wrong = decode_state();
  wrong.form.loop_guard.push(3);
  EXPECT_EQ(refusal(wrong), "the snapshot's pitches are not pitches of the model");
  wrong = decode_state();
  wrong.form.quote_guard.push(128, 0);
  EXPECT_EQ(refusal(wrong), "the snapshot's last notes are out of range");
  wrong = decode_state();
  wrong.form.timeline.onset = 600'001;
  EXPECT_EQ(refusal(wrong), "the snapshot's form state is invalid: onset must be in [0, 600000], not 600001");
  wrong = decode_state();
  wrong.form.timeline.cadence.push({160'001, 100, 60, 64});
  EXPECT_EQ(refusal(wrong), "the snapshot's form state is invalid: cadence must be of notes up to the onset");
  wrong = decode_state();
  wrong.form.steering.push({160'001, 100, 60, 64});
  EXPECT_EQ(refusal(wrong), "the snapshot's counts of notes are out of range");
  EXPECT_EQ(refusal(decode_state()), "");
}

}  // namespace
}  // namespace longplay
