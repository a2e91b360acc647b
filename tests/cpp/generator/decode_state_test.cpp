#include "generator/decode_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "form/composer.hpp"
#include "support/note_fields.hpp"
#include "support/settings.hpp"

namespace longplay {
namespace {

constexpr Form kForm = recital(600'000);
constexpr std::int32_t kHalfSecond = 3, kEnd = 7;  // ids of time_shift

ModelConfig config() {
  ModelConfig made;
  made.fields = note_fields();
  made.start_event = {8, 3, 2, 3};
  made.controls = {{.name = "style", .size = 2, .names = {"unknown", "waltz"}}};
  made.states = {{.input = "h", .output = "next_h", .type = ElementType::float32, .shape = {3}}};
  made.notes_per_second = Band{1, 8};
  made.critic = {.events = 2, .phrase_ms = 5'000};
  return made;
}

const Notation& notation() {
  static const Notation made(config());
  return made;
}

// Takes an event as a slot does, which draws it.
Outcome take(Composer& composer, const std::vector<std::int32_t>& event) {
  const std::vector<FieldConfig> fields = note_fields();
  for (std::size_t field = 0; field < fields.size(); ++field) {
    std::vector<float> bias(static_cast<std::size_t>(fields[field].size));
    composer.constrain(field, event, bias);
    EXPECT_TRUE(composer.accepts(field, event, event[field]));
  }
  return composer.accept(event);
}

Past past_of(const PhraseIndex& index) {
  Past past;
  past.quote_guard = QuoteGuard(&index);
  return past;
}

// 300 notes, or with `ends` also the end of their piece and `notes_after` notes of the next.
DecodeState decode_state(const Form& form = kForm, bool ends = true, int notes_after = 5) {
  static const ModelConfig made_for = config();
  static const PhraseIndex nothing({}, {});
  const auto composer = begin_form({notation(), made_for, form, {}, 4, 0}, past_of(nothing));
  DecodeState made;
  for (int i = 0; i < 300; ++i) take(*composer, {i % 4 == 0 ? 0 : kHalfSecond, i % 3, i % 2, i % 3});
  made.events_drawn = 300;
  made.event = {kHalfSecond, 2, 1, 2};
  if (ends) {
    EXPECT_EQ(take(*composer, {kEnd, 0, 0, 0}), Outcome::new_piece);
    for (int i = 0; i < notes_after; ++i) take(*composer, {kHalfSecond, i % 3, 0, 1});
    made.events_drawn += 1 + static_cast<std::uint64_t>(notes_after);
    made.event = notes_after > 0 ? std::vector<std::int32_t>{kHalfSecond, 1, 0, 1} : made_for.start_event;
  }
  made.state.assign(12, std::byte{7});
  if (form.recital) {
    made.prompt_event = made_for.start_event;
    made.prompt_state.assign(24, std::byte{9});
  }
  made.recent = {kHalfSecond, 0, 0, 1, kHalfSecond, 1, 0, 1};
  made.form = composer->state();
  return made;
}

std::string refusal(const DecodeState& wrong, const Form& form = kForm) {
  try {
    unpack(pack(wrong), config(), notation(), form);
  } catch (const SnapshotError& error) {
    return error.what();
  }
  return "";
}

TEST(DecodeState, IsTheSameAfterBeingPacked) {
  const DecodeState before = decode_state();
  const DecodeState after = unpack(pack(before), config(), notation(), kForm);
  EXPECT_EQ(after.events_drawn, before.events_drawn);
  EXPECT_EQ(after.event, before.event);
  EXPECT_EQ(after.state, before.state);
  EXPECT_EQ(after.prompt_event, before.prompt_event);
  EXPECT_EQ(after.prompt_state, before.prompt_state);
  EXPECT_EQ(after.recent, before.recent);
  EXPECT_EQ(after.form.timeline, before.form.timeline);
  EXPECT_EQ(pack(after), pack(before));  // the guards and the steering too
}

TEST(DecodeState, OfAnyMusicIsAccepted) {
  EXPECT_EQ(refusal(decode_state(kForm, false)), "");
  EXPECT_EQ(refusal(decode_state(kForm, true, 0)), "");
  Form form = kForm;
  form.recital = false;
  EXPECT_EQ(refusal(decode_state(form, false), form), "");
  form.steady = false;
  EXPECT_EQ(refusal(decode_state(form, false), form), "");
  form.length_ms = Form::kEndless;
  EXPECT_EQ(refusal(decode_state(form, false), form), "");
  form.recital = true;
  EXPECT_EQ(refusal(decode_state(form), form), "");
}

TEST(DecodeState, IsPackedLittleEndian) {
  const auto bytes = pack(decode_state());
  EXPECT_EQ(bytes[0], std::byte{306 % 256});
  EXPECT_EQ(bytes[1], std::byte{1});
}

TEST(DecodeState, IsRefusedWhereverItIsCut) {
  const auto bytes = pack(decode_state());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(unpack(std::span(bytes).first(size), config(), notation(), kForm), SnapshotError) << size;
  }
}

TEST(DecodeState, IsRefusedWithBytesLeftOver) {
  auto bytes = pack(decode_state());
  bytes.push_back(std::byte{0});
  EXPECT_THROW(unpack(bytes, config(), notation(), kForm), SnapshotError);
}

TEST(DecodeState, TakesNoMemoryForACountThatCannotBe) {
  auto bytes = pack(decode_state());
  std::fill_n(bytes.begin() + 8, 8, std::byte{0xff});  // how many ids the last event has
  EXPECT_THROW(unpack(bytes, config(), notation(), kForm), SnapshotError);
}

// tests/fuzz also resumes those that are read.
TEST(DecodeState, WithAnyByteChangedIsReadOrRefused) {
  const auto good = pack(decode_state());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bytes = good;
    bytes[at] ^= std::byte{0x80};
    try {
      unpack(bytes, config(), notation(), kForm);
    } catch (const SnapshotError&) {
      ++refused;
    }
  }
  EXPECT_LT(good.size() - refused, 1500U);  // numbers of the states, averages, and onsets of pitches
}

TEST(DecodeState, ThatDoesNotFitTheModelIsRefusedWithASentence) {
  DecodeState wrong = decode_state();
  wrong.event[1] = 3;
  EXPECT_EQ(refusal(wrong), "the snapshot's last event is not an event of the model");
  wrong.event = {kEnd, 0, 0, 0};
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
  wrong.state[2] = wrong.state[3] = std::byte{0xff};
  EXPECT_EQ(refusal(wrong), "the snapshot's state has a number that is NaN");
  wrong = decode_state();
  wrong.form.past.loop_guard.push(3);
  EXPECT_EQ(refusal(wrong), "the snapshot's pitches are not pitches of the model");
  wrong = decode_state();
  wrong.form.past.quote_guard.push(128, 0);
  EXPECT_EQ(refusal(wrong), "the snapshot's last notes are out of range");
}

TEST(DecodeState, WhoseCriticReadsOtherEventsIsRefused) {
  const std::string refused = "the snapshot's last events do not fit the model's critic";
  DecodeState wrong = decode_state();
  wrong.recent.pop_back();  // an event has four ids
  EXPECT_EQ(refusal(wrong), refused);
  wrong.recent = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(refusal(wrong), refused);
  wrong.recent = {0, 4, 0, 0};
  EXPECT_EQ(refusal(wrong), refused);
  wrong.recent = {-1, 0, 0, 0};
  EXPECT_EQ(refusal(wrong), refused);
  wrong.recent = {};
  EXPECT_EQ(refusal(wrong), "");
}

TEST(DecodeState, ThatDoesNotFitTheFormIsRefusedWithASentence) {
  const std::string form = "the snapshot's form state is invalid: ";
  const std::int64_t onset = decode_state().form.timeline.onset;
  DecodeState wrong = decode_state();
  wrong.form.timeline.onset = 600'001;
  EXPECT_EQ(refusal(wrong), form + "onset must be in [0, 600000], not 600001");
  wrong = decode_state();
  wrong.form.timeline.cadence.push({onset + 1, 100, 60, 64});
  EXPECT_EQ(refusal(wrong), form + "cadence must hold notes of the piece up to the onset");
  wrong = decode_state();
  wrong.form.timeline.at_once = true;
  EXPECT_EQ(refusal(wrong), form + "at_once must be false except at the beginning of a piece");
  wrong = decode_state();
  wrong.form.past.steering.push({onset + 1, 100, 60, 64});
  EXPECT_EQ(refusal(wrong), "the snapshot's averages of notes are out of range");
  wrong = decode_state();
  wrong.form.past.hands.push(60, onset + 1);
  EXPECT_EQ(refusal(wrong), "the snapshot's last notes are out of range");
  wrong = decode_state();
  wrong.form.past.stuck_guard.push(60, onset + 1);
  EXPECT_EQ(refusal(wrong), "the snapshot's last notes are out of range");
  wrong = decode_state();
  wrong.form.past.key_pull = KeyPull({-1, 5});
  EXPECT_EQ(refusal(wrong), "the snapshot's key is out of range");
  wrong = decode_state();
  wrong.form.timeline.pieces = 400;
  EXPECT_EQ(refusal(wrong), "the snapshot's counts of events are out of range");
  wrong = decode_state();
  wrong.events_drawn = 0;
  EXPECT_EQ(refusal(wrong),
            "the snapshot has a state for the next piece, but has drawn no event of a recital");
}

TEST(DecodeState, OfOnePieceMayNotEndBeforeTheMusicDoes) {
  Form form = kForm;
  form.recital = false;
  DecodeState wrong = decode_state(form, false);
  wrong.form.timeline.piece_end = 300'000;
  EXPECT_EQ(refusal(wrong, form),
            "the snapshot's form state is invalid: piece_end must be 600000, not 300000");
  wrong = decode_state();
  wrong.form.timeline.piece_end = 500'000;  // no other piece fits after it
  EXPECT_NE(refusal(wrong), "");
}

TEST(DecodeState, MayHaveTwoRowsOnlyIfTheModelHasControls) {
  ModelConfig plain = config();
  plain.controls.clear();
  const auto bytes = pack(decode_state());
  EXPECT_NO_THROW(unpack(bytes, config(), notation(), kForm));
  EXPECT_THROW(unpack(bytes, plain, Notation(plain), kForm), SnapshotError);
}

TEST(DecodeState, HoldsAFlagAsZeroOrOne) {
  const DecodeState state = decode_state();
  DecodeState other = state;
  other.form.timeline.at_once = true;
  auto bytes = pack(state);
  const auto others = pack(other);
  const auto flag = std::mismatch(bytes.begin(), bytes.end(), others.begin()).first;
  *flag = std::byte{2};
  EXPECT_THROW(unpack(bytes, config(), notation(), kForm), SnapshotError);
}

}  // namespace
}  // namespace longplay
