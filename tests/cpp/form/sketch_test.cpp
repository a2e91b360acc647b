#include "form/sketch.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "support/note_fields.hpp"

namespace longplay {
namespace {

SketchNote note(std::int64_t onset_ms, int pitch = 60, std::int64_t duration_ms = 100) {
  return {.onset_ms = onset_ms,
          .duration_ms = duration_ms,
          .pitch = static_cast<std::uint8_t>(pitch),
          .velocity = std::uint8_t{50}};
}

Sketch sketch(std::vector<SketchNote> notes, std::vector<OpenStretch> open = {}) {
  return {.notes = std::move(notes), .open = std::move(open), .length_ms = 10'000, .added_per_second = 0};
}

std::string problem(const Sketch& of) {
  try {
    of.validate(Tokenizer(note_fields()));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Sketch, IsOpenInItsStretchesWithoutTheirEnds) {
  const Sketch of = sketch({}, {{100, 200}, {300, 400}});
  EXPECT_FALSE(of.is_open(99));
  EXPECT_TRUE(of.is_open(100));
  EXPECT_TRUE(of.is_open(199));
  EXPECT_FALSE(of.is_open(200));
  EXPECT_EQ(of.next_open(200, 301), 300);
  EXPECT_EQ(of.next_open(200, 300), std::nullopt);
  EXPECT_EQ(of.next_open(350, 1000), 350);
  EXPECT_EQ(of.next_open(400, 1000), std::nullopt);
}

TEST(Sketch, ItsHeadEndsAtTheFirstNoteThatLeavesSomethingToDecide) {
  EXPECT_EQ(sketch({note(0), note(500), note(600)}, {{500, 600}}).fixed_head(), 2);
  EXPECT_EQ(sketch({note(0), note(500)}).fixed_head(), 2);
  SketchNote free = note(500);
  free.velocity.reset();
  EXPECT_EQ(sketch({note(0), free, note(600)}).fixed_head(), 1);
  free = note(500);
  free.slack_ms = 1;
  EXPECT_EQ(sketch({note(0), free, note(600)}).fixed_head(), 1);
}

TEST(Sketch, ItsTailBeginsAfterTheLastOpenStretchAndTheLastFreeField) {
  EXPECT_EQ(sketch({note(0), note(500), note(600)}, {{100, 500}}).fixed_tail(), 1);
  EXPECT_EQ(sketch({note(0), note(499), note(600)}, {{100, 500}}).fixed_tail(), 2);
  SketchNote free = note(500);
  free.duration_ms.reset();
  EXPECT_EQ(sketch({note(0), free, note(600)}).fixed_tail(), 2);
}

TEST(Sketch, AFreeFieldIsDrawnAndAGivenOneKept) {
  const Note drawn{.onset_ms = 490, .duration_ms = 7, .pitch = 64, .velocity = 8};
  SketchNote of = note(500);
  EXPECT_EQ(of.with(drawn), (Note{.onset_ms = 500, .duration_ms = 100, .pitch = 60, .velocity = 50}));
  of = {.onset_ms = 500, .slack_ms = 10};
  EXPECT_EQ(of.with(drawn), drawn);
}

TEST(Sketch, RefusesWhatDoesNotFitByItsName) {
  EXPECT_EQ(problem(sketch({note(0), note(100), note(100, 62)}, {{0, 10'000}})), "");
  EXPECT_EQ(problem(sketch({note(500), note(400)})), "notes[1].onset_ms must be in [500, 9989], not 400");
  EXPECT_EQ(problem(sketch({note(0), note(99)})),
            "notes[1] must start after the end of the note before it on its pitch, 100 ms, not 99");
  EXPECT_EQ(problem(sketch({note(0, 61)})), "notes[0].pitch must be one that the model plays, not 61");
  EXPECT_EQ(problem(sketch({note(9'900)})), "notes[0].duration_ms must be in [1, 90], not 100");
  EXPECT_EQ(problem(sketch({}, {{0, 10'001}})), "open[0].end_ms must be in [1, 10000], not 10001");
  EXPECT_EQ(problem(sketch({}, {{0, 500}, {499, 600}})), "open[1].begin_ms must be in [500, 10000], not 499");
}

}  // namespace
}  // namespace longplay
