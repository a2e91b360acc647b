#include "generator/position.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "base/error.hpp"
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

Position position() {
  Position made;
  made.events_drawn = 300;
  made.event = {1, 2, 0, 1};
  made.state.assign(12, std::byte{7});
  made.answer_event = {8, 3, 2, 3};
  made.answer_state.assign(12, std::byte{9});
  made.place = {.pieces = 2,
                .piece_start = 150'000,
                .piece_end = 400'000,
                .onset = 160'000,
                .sounding_until = 161'000,
                .chord = 3};
  static const PhraseIndex nothing({}, {});
  made.quote_guard.watch(&nothing);
  made.quote_guard.push(60, 160'000);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t onset = 400 * i;
    made.loop_guard.next_onset();
    made.loop_guard.push(i % 3);
    made.place.cadence.push({onset, 100, 60, 64});
    made.steering.push({onset, 100, 60, 64});
  }
  return made;
}

std::string refusal(const Position& wrong) {
  try {
    unpack(pack(wrong), config(), kForm);
  } catch (const SnapshotError& error) {
    return error.what();
  }
  return "";
}

TEST(Position, IsTheSameAfterBeingPacked) {
  const Position before = position();
  const Position after = unpack(pack(before), config(), kForm);
  EXPECT_EQ(after.events_drawn, before.events_drawn);
  EXPECT_EQ(after.event, before.event);
  EXPECT_EQ(after.state, before.state);
  EXPECT_EQ(after.answer_event, before.answer_event);
  EXPECT_EQ(after.answer_state, before.answer_state);
  EXPECT_EQ(after.place.piece_end, before.place.piece_end);
  EXPECT_EQ(after.place.at_once, before.place.at_once);
  EXPECT_EQ(pack(after), pack(before));  // the guards, the cadence and the steering too
}

TEST(Position, IsPackedLittleEndian) {
  const auto bytes = pack(position());
  EXPECT_EQ(bytes[0], std::byte{300 % 256});
  EXPECT_EQ(bytes[1], std::byte{1});
}

TEST(Position, IsRefusedWhereverItIsCut) {
  const auto bytes = pack(position());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(unpack(std::span(bytes).first(size), config(), kForm), SnapshotError) << size;
  }
}

TEST(Position, IsRefusedWithBytesLeftOver) {
  auto bytes = pack(position());
  bytes.push_back(std::byte{0});
  EXPECT_THROW(unpack(bytes, config(), kForm), SnapshotError);
}

TEST(Position, TakesNoMemoryForACountThatCannotBe) {
  auto bytes = pack(position());
  std::fill_n(bytes.begin() + 8, 8, std::byte{0xff});  // how many ids the last event has
  EXPECT_THROW(unpack(bytes, config(), kForm), SnapshotError);
}

TEST(Position, WithAnyByteChangedIsReadOrRefused) {
  const auto good = pack(position());
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

TEST(Position, ThatDoesNotFitTheModelIsRefusedWithASentence) {
  Position wrong = position();
  wrong.event[1] = 4;
  EXPECT_EQ(refusal(wrong), "the snapshot's last event is none of the model's");
  wrong = position();
  wrong.answer_event.pop_back();
  EXPECT_EQ(refusal(wrong), "the snapshot's last event is none of the model's");
  wrong = position();
  wrong.state.pop_back();
  EXPECT_EQ(refusal(wrong), "the snapshot's state must have 12 bytes or twice as many, not 11");
  wrong = position();
  wrong.answer_state.clear();
  EXPECT_EQ(refusal(wrong), "the snapshot's state must have 12 bytes or twice as many, not 0");
  wrong = position();
  wrong.loop_guard.push(3);
  EXPECT_EQ(refusal(wrong), "the snapshot's pitches are none of the model's");
  wrong = position();
  wrong.quote_guard.push(128, 0);
  EXPECT_EQ(refusal(wrong), "the snapshot's last notes cannot be");
  wrong = position();
  wrong.place.onset = 600'001;
  EXPECT_EQ(refusal(wrong),
            "the snapshot's place in time cannot be: onset must be in [0, 600000], not 600001");
  wrong = position();
  wrong.place.cadence.push({160'001, 100, 60, 64});
  EXPECT_EQ(refusal(wrong),
            "the snapshot's place in time cannot be: cadence must be of notes up to the onset");
  wrong = position();
  wrong.steering.push({160'001, 100, 60, 64});
  EXPECT_EQ(refusal(wrong), "the snapshot's counts of notes cannot be");
  EXPECT_EQ(refusal(position()), "");
}

}  // namespace
}  // namespace longplay
