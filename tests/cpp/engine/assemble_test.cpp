#include "engine/assemble.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace longplay {
namespace {

constexpr std::int64_t kForever = std::int64_t{1} << 60;

std::vector<Note> after(std::initializer_list<Note> notes) {
  Assembler assembler(kForever);
  for (const Note& note : notes) assembler.add(note);
  return assembler.take();
}

TEST(Assembler, HandsOutANoteOnceTheMusicHasComeToItsEnd) {
  EXPECT_TRUE(after({{0, 100, 60, 80}, {99, 100, 62, 80}}).empty());
  EXPECT_EQ(after({{0, 100, 60, 80}, {100, 100, 62, 80}}), (std::vector<Note>{{0, 100, 60, 80}}));
}

TEST(Assembler, EndsANoteWhereItsPitchIsStruckAgain) {
  EXPECT_EQ(after({{0, 500, 60, 80}, {100, 100, 60, 90}, {150, 100, 62, 80}}),
            (std::vector<Note>{{0, 100, 60, 80}}));
}

TEST(Assembler, KeepsANoteBackWhileOneBeforeItMayStillChange) {
  EXPECT_TRUE(after({{0, 1000, 60, 80}, {100, 50, 62, 80}, {900, 50, 64, 80}}).empty());
}

TEST(Assembler, PutsAChordInOrderAndMakesOneNoteOfTwoOnAPitch) {
  EXPECT_EQ(after({{0, 100, 64, 80}, {0, 50, 60, 70}, {0, 200, 60, 40}, {500, 100, 62, 80}}),
            (std::vector<Note>{{0, 200, 60, 70}, {0, 100, 64, 80}}));
}

TEST(Assembler, KeepsTheProgramsApart) {
  EXPECT_EQ(after({{0, 500, 60, 80, 40}, {0, 500, 60, 80}, {100, 100, 60, 90}, {700, 100, 62, 80}}),
            (std::vector<Note>{{0, 100, 60, 80}, {0, 500, 60, 80, 40}, {100, 100, 60, 90}}));
}

TEST(Assembler, LetsNothingSoundPastTheEnd) {
  Assembler assembler(1000);
  assembler.add({900, 500, 60, 80});
  assembler.add({1000, 500, 62, 80});
  assembler.finish();
  EXPECT_EQ(assembler.take(), (std::vector<Note>{{900, 100, 60, 80}}));
}

TEST(Assembler, LetsNothingSoundPastTheStartOfTheNextPiece) {
  Assembler assembler(kForever);
  assembler.add(
      {.sounds = {{Sound::Kind::note, {0, 2000, 60, 40}}, {Sound::Kind::pause, {.onset_ms = 1500}}}});
  EXPECT_EQ(assembler.take(), (std::vector<Note>{{0, 1500, 60, 40}}));
}

TEST(Assembler, LetsTheLastPieceRingOut) {
  Assembler assembler(kForever);
  assembler.add({.finished = true, .sounds = {{Sound::Kind::note, {0, 2000, 60, 40}}}});
  EXPECT_EQ(assembler.take(), (std::vector<Note>{{0, 2000, 60, 40}}));
}

TEST(Assembler, EndsTheLatestNoteOfAKeyThatIsReleased) {
  const auto released = [](std::int64_t at) {
    return Sound{Sound::Kind::release, {.onset_ms = at, .pitch = 60}};
  };
  Assembler assembler(kForever);
  assembler.add(Note{0, 9000, 60, 40});
  assembler.add(Note{100, 9000, 62, 40});
  assembler.add({.sounds = {released(300)}});
  assembler.add(Note{400, 9000, 60, 50});
  assembler.add({.sounds = {released(400)}});
  EXPECT_EQ(assembler.left(), (std::vector<Note>{{0, 300, 60, 40}, {100, 9000, 62, 40}, {400, 1, 60, 50}}));
  assembler.add(Note{500, 100, 64, 40});
  assembler.add({.sounds = {released(600)}});  // it is over
  assembler.finish();
  EXPECT_EQ(assembler.take()[2], (Note{400, 1, 60, 50}));
}

// Few pitches and short times, so that everything meets everything.
std::vector<Note> tangle(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Note> notes;
  std::int64_t onset = 0;
  for (int i = 0; i < 300; ++i) {
    onset += static_cast<std::int64_t>(random() % 3) * 10;
    notes.push_back({onset, 1 + static_cast<std::int64_t>(random() % 100),
                     static_cast<std::uint8_t>(60 + random() % 5),
                     static_cast<std::uint8_t>(1 + random() % 127)});
  }
  return notes;
}

TEST(Assembler, ComesToWhatResolveOverlapsComesTo) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::vector<Note> notes = tangle(seed);
    Assembler assembler(kForever);
    for (const Note& note : notes) assembler.add(note);
    assembler.finish();
    resolve_overlaps(notes);
    EXPECT_EQ(assembler.take(), notes) << seed;
  }
}

TEST(Assembler, GoesOnFromWhatAnotherHadLeft) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::vector<Note> notes = tangle(seed);
    std::vector<Note> got;
    Assembler assembler(kForever);
    const auto take = [&] {
      const std::vector<Note> some = assembler.take();
      got.insert(got.end(), some.begin(), some.end());
    };
    for (const Note& note : notes) {
      assembler.add(note);
      if (note.pitch == 60) take();
      Assembler next(kForever);
      for (const Note& left : assembler.left()) next.add(left);
      ASSERT_EQ(next.left(), assembler.left());
      assembler = next;
    }
    assembler.finish();
    take();
    resolve_overlaps(notes);
    EXPECT_EQ(got, notes) << seed;
  }
}

}  // namespace
}  // namespace longplay
