#include "form/quote_guard.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "generator/archive.hpp"

namespace longplay {
namespace {

constexpr std::size_t kRun = PhraseIndex::kQuotedNotes;

// A training set of one melody of which no two intervals in a row come twice.
class QuoteGuardTest : public ::testing::Test {
 protected:
  std::vector<std::uint8_t> melody_{60, 61, 63, 66, 70, 75, 74, 72, 69, 65, 60, 67, 59, 68, 58, 70};
  std::vector<Symbol> symbols_ = interval_symbols(melody_, {});
  std::vector<std::uint32_t> sorted_ = sort_phrases(symbols_, Stop());
  PhraseIndex index_{symbols_, sorted_};

  // A guard after the first `notes` of the melody, transposed by `semitones`, half a second apart.
  QuoteGuard after(std::size_t notes, int semitones = 0) const {
    QuoteGuard guard(&index_);
    for (std::size_t i = 0; i < notes; ++i) guard.push(pitch(i, semitones), onset(i));
    return guard;
  }
  std::uint8_t pitch(std::size_t i, int semitones = 0) const {
    return static_cast<std::uint8_t>(melody_[i] + semitones);
  }
  static std::int64_t onset(std::size_t i) { return 500 * static_cast<std::int64_t>(i); }
};

TEST_F(QuoteGuardTest, KnowsTheNoteThatCompletesARunInAnyKey) {
  for (const int semitones : {0, 5, -7}) {
    for (std::size_t notes = 0; notes < kRun - 1; ++notes) {
      EXPECT_FALSE(after(notes, semitones).would_quote(pitch(notes, semitones), onset(notes))) << notes;
    }
    const QuoteGuard guard = after(kRun - 1, semitones);
    for (int p = 0; p < 128; ++p) {
      EXPECT_EQ(guard.would_quote(static_cast<std::uint8_t>(p), onset(kRun - 1)),
                p == pitch(kRun - 1, semitones));
    }
  }
}

TEST_F(QuoteGuardTest, FindsARunThatBeginsInTheMiddle) {
  QuoteGuard guard(&index_);
  for (std::uint8_t p = 20; p < 40; ++p) guard.push(p, 0);
  for (std::size_t i = 3; i < 3 + kRun - 1; ++i) guard.push(pitch(i), onset(i));
  EXPECT_TRUE(guard.would_quote(pitch(3 + kRun - 1), onset(3 + kRun - 1)));
}

TEST_F(QuoteGuardTest, AnotherNoteInterruptsARun) {
  QuoteGuard guard = after(kRun - 1);
  guard.push(20, onset(kRun - 1));
  EXPECT_FALSE(guard.would_quote(pitch(kRun - 1), onset(kRun)));
}

// In a file a chord's notes stand by pitch, whatever order they were drawn in.
TEST_F(QuoteGuardTest, KnowsANoteBelowOthersOfItsChordThatCompletesARun) {
  // 60 67 at the end of the melody's first twelve notes are one chord here.
  QuoteGuard guard = after(kRun - 2);
  guard.push(pitch(kRun - 1), onset(kRun - 2));
  EXPECT_TRUE(guard.would_quote(pitch(kRun - 2), onset(kRun - 2)));
  EXPECT_FALSE(guard.would_quote(pitch(kRun - 2), onset(kRun - 1)));  // but not after it
  QuoteGuard in_order = after(kRun - 1);
  EXPECT_TRUE(in_order.would_quote(pitch(kRun - 1), onset(kRun - 2)));
}

TEST_F(QuoteGuardTest, KnowsANoteWithinAChordThatCompletesARunEndingAboveIt) {
  const std::vector<std::uint8_t> melody{60, 61, 63, 66, 70, 75, 74, 72, 69, 50, 57, 68};  // at last a chord
  const std::vector<Symbol> symbols = interval_symbols(melody, {});
  const std::vector<std::uint32_t> sorted = sort_phrases(symbols, Stop());
  const PhraseIndex index(symbols, sorted);
  QuoteGuard guard(&index);
  guard.push(20, onset(0));
  for (std::size_t i = 0; i < 9; ++i) guard.push(melody[i], onset(i + 1));
  guard.push(68, onset(10));
  guard.push(50, onset(10));
  EXPECT_TRUE(guard.would_quote(57, onset(10)));
  EXPECT_FALSE(guard.would_quote(58, onset(10)));
  guard.push(80, onset(10));  // above: the run would still be there
  EXPECT_TRUE(guard.would_quote(57, onset(10)));
}

TEST_F(QuoteGuardTest, WithoutAnIndexNothingIsAQuotation) {
  QuoteGuard guard;
  for (std::size_t i = 0; i < kRun - 1; ++i) guard.push(pitch(i), onset(i));
  EXPECT_FALSE(guard.would_quote(pitch(kRun - 1), onset(kRun - 1)));
}

TEST_F(QuoteGuardTest, GoesOnFromAnArchive) {
  QuoteGuard before = after(kRun - 1);
  before.refuse();
  ArchiveWriter writer;
  before.archive(writer);
  const auto bytes = writer.take();
  ArchiveReader reader(bytes);
  QuoteGuard read;
  read.archive(reader);
  EXPECT_TRUE(read.is_valid(onset(kRun - 2)));
  EXPECT_EQ(read.refusals(), 1U);
  EXPECT_FALSE(read.would_quote(pitch(kRun - 1), onset(kRun - 1)));
  read.watch(&index_);
  EXPECT_TRUE(read.would_quote(pitch(kRun - 1), onset(kRun - 1)));
}

TEST_F(QuoteGuardTest, RemembersAsMuchOfALongPieceAsOfAShortOne) {
  const auto bytes = [](QuoteGuard guard) {
    ArchiveWriter writer;
    guard.archive(writer);
    return writer.take().size();
  };
  QuoteGuard guard(&index_);
  for (int i = 0; i < 1000; ++i) guard.push(static_cast<std::uint8_t>(i % 88), i);
  EXPECT_EQ(bytes(guard), bytes(after(kRun)));
}

}  // namespace
}  // namespace longplay
