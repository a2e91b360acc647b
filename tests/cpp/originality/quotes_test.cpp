#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "base/error.hpp"
#include "originality/quotes.hpp"
#include "support/settings.hpp"

namespace longplay {
namespace {

using Pitches = std::vector<std::uint8_t>;
using Positions = std::vector<std::uint32_t>;

Pitches random_pitches(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Pitches pitches(count);
  for (std::uint8_t& pitch : pitches) pitch = static_cast<std::uint8_t>(40 + random() % 40);
  return pitches;
}

std::vector<Symbol> one_work(const Pitches& pitches) { return interval_symbols(pitches, Positions{0}); }

TEST(Symbols, AreIntervalsAndEveryWorkBeginsAnew) {
  EXPECT_EQ(interval_symbols(Pitches{60, 64, 64, 0, 127}, Positions{0, 2}),
            (std::vector<Symbol>{kStart, kUnison + 4, kStart, kUnison - 64, kUnison + 127}));
}

TEST(Symbols, WorksOutOfOrderAreRefused) {
  EXPECT_THROW(interval_symbols(Pitches{60, 64}, Positions{2, 1}), std::invalid_argument);
  EXPECT_THROW(interval_symbols(Pitches{60, 64}, Positions{0, 3}), std::invalid_argument);
  EXPECT_THROW(interval_symbols(Pitches{60, 128}, Positions{0}), std::invalid_argument);
}

class Phrases : public testing::Test {
 protected:
  // Two works of 500 notes; the second one repeats the first one's figure, which is all too common.
  Pitches pitches = [] {
    Pitches all = random_pitches(1000, 1);
    for (std::size_t i = 700; i < 900; ++i) all[i] = i % 2 == 0 ? 60 : 67;
    return all;
  }();
  std::vector<Symbol> symbols = interval_symbols(pitches, Positions{0, 500});
  Positions sorted = sort_phrases(symbols, Stop());
  PhraseIndex index{symbols, sorted};

  Pitches copy(std::size_t begin, std::size_t count, int semitones) const {
    Pitches copied;
    for (std::size_t i = begin; i < begin + count; ++i)
      copied.push_back(static_cast<std::uint8_t>(pitches[i] + semitones));
    return copied;
  }
};

TEST_F(Phrases, AreInTheOrderOfWhatFollows) {
  const auto phrase = [&](std::uint32_t start) { return std::span<const Symbol>(symbols).subspan(start); };
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::lexicographical_compare(phrase(a).begin(), phrase(a).end(), phrase(b).begin(),
                                        phrase(b).end());
  }));
}

TEST_F(Phrases, EveryPlaceOfAPhraseIsFound) {
  const std::vector<Symbol> up_and_down{kUnison + 7, kUnison - 7, kUnison + 7, kUnison - 7, kUnison + 7};
  EXPECT_EQ(index.find(up_and_down).size(), 98U);  // from each even position but the last that fits
  EXPECT_EQ(index.find(std::vector<Symbol>{kUnison + 100}).size(), 0U);
  EXPECT_EQ(index.find({}).size(), 1000U);
}

TEST_F(Phrases, OneMoreNoteNarrowsThePlaces) {
  const auto phrase = std::span<const Symbol>(symbols).subspan(101, 12);
  const PhraseIndex::Range before = index.find(phrase.first(11));
  EXPECT_EQ(index.narrow(before, 11, phrase[11]).size(), 1U);
  EXPECT_EQ(index.position(index.narrow(before, 11, phrase[11]).begin), 101U);
  EXPECT_EQ(index.narrow(before, 11, static_cast<Symbol>(phrase[11] + 1)).size(), 0U);
}

TEST_F(Phrases, APlaceThatIsNotThereIsRefused) {
  Positions broken = sorted;
  broken[3] = 1000;
  EXPECT_THROW(PhraseIndex(symbols, broken), Error);
  broken.pop_back();
  EXPECT_THROW(PhraseIndex(symbols, broken), Error);
}

TEST_F(Phrases, TheLongestRunIsFoundInAnotherKeyAndEndsWithAWork) {
  Pitches work = copy(480, 20, -3);  // up to the end of the first work
  const Pitches after = copy(500, 20, -3);
  work.insert(work.end(), after.begin(), after.end());
  const auto runs = longest_runs(index, one_work(work), Stop());
  EXPECT_EQ(runs[0].notes, 20U);
  EXPECT_EQ(runs[0].position, 480U);
  EXPECT_EQ(runs[20].notes, 20U);
  EXPECT_EQ(runs[20].position, 500U);
  EXPECT_EQ(runs.back().notes, 1U);
}

TEST_F(Phrases, TheStartOfAWorkAgreesWithNothing) {
  EXPECT_EQ(index.longest(std::vector<Symbol>{kStart, symbols[1]}).length, 0U);
}

TEST_F(Phrases, AQuotationSurvivesAWrongNote) {
  Pitches work = random_pitches(100, 2);
  const Pitches quote = copy(100, 60, 5);
  std::copy(quote.begin(), quote.end(), work.begin() + 20);
  work[20 + 30] = 100;
  const std::vector<Quote> quotes = find_quotes(index, one_work(work), kQuotes, Stop());
  ASSERT_EQ(quotes.size(), 1U);
  EXPECT_EQ(quotes[0].begin, 20U);
  EXPECT_EQ(quotes[0].end, 80U);
  EXPECT_EQ(quotes[0].position, 100U);
  EXPECT_EQ(quotes[0].same, 59U);
  EXPECT_GT(quotes[0].bits, 100.0);
}

TEST(Quotes, AFigureThatGoesOnCountsOnce) {
  // Three pitches in any order, and in the middle a figure of nine notes ten times.
  Pitches pitches = random_pitches(2000, 3);
  for (std::uint8_t& pitch : pitches) pitch = static_cast<std::uint8_t>(60 + pitch % 3);
  for (std::size_t i = 1009; i < 1090; ++i) pitches[i] = pitches[i - 9];
  const std::vector<Symbol> symbols = one_work(pitches);
  const Positions sorted = sort_phrases(symbols, Stop());
  const PhraseIndex index(symbols, sorted);
  const auto quoted = [&](std::ptrdiff_t begin) {
    return find_quotes(index, one_work(Pitches(pitches.begin() + begin, pitches.begin() + begin + 90)),
                       kQuotes, Stop());
  };
  EXPECT_EQ(quoted(500).size(), 1U);
  EXPECT_TRUE(quoted(1000).empty());
}

TEST_F(Phrases, ExcludedPlacesAreNotQuoted) {
  const std::vector<Symbol> work = one_work(copy(100, 60, 0));
  EXPECT_EQ(find_quotes(index, work, kQuotes, Stop()).size(), 1U);
  EXPECT_TRUE(find_quotes(index, work, {.least_bits = 60, .excluded_begin = 90, .excluded_end = 170}, Stop())
                  .empty());
}

TEST_F(Phrases, OfTwoSourcesTheBetterOneIsReported) {
  Pitches twice = pitches;
  std::copy(pitches.begin() + 100, pitches.begin() + 160, twice.begin() + 600);
  twice[630] = 100;
  const std::vector<Symbol> both = interval_symbols(twice, Positions{0, 500});
  const Positions positions = sort_phrases(both, Stop());
  const std::vector<Quote> quotes =
      find_quotes(PhraseIndex(both, positions), one_work(copy(100, 60, 0)), kQuotes, Stop());
  ASSERT_EQ(quotes.size(), 1U);
  EXPECT_EQ(quotes[0].position, 100U);
}

// An index of other music and of so many transpositions of a work.
TEST(Quotes, AreFoundHoweverManyCopiesTheIndexHolds) {
  const Pitches work = random_pitches(300, 5);
  const auto phrase = one_work(Pitches(work.begin() + 100, work.begin() + 160));
  for (const int copies : {1, 5, 12, 100}) {
    Pitches pitches = random_pitches(5000, 6);
    Positions first_notes{0};
    for (int copy = 0; copy < copies; ++copy) {
      first_notes.push_back(static_cast<std::uint32_t>(pitches.size()));
      for (const std::uint8_t pitch : work) pitches.push_back(static_cast<std::uint8_t>(pitch + copy % 12));
    }
    const auto symbols = interval_symbols(pitches, first_notes);
    const auto sorted = sort_phrases(symbols, Stop());
    const auto quotes = find_quotes(PhraseIndex(symbols, sorted), phrase, kQuotes, Stop());
    ASSERT_FALSE(quotes.empty()) << copies;
    EXPECT_EQ(quotes[0].end - quotes[0].begin, phrase.size());
    EXPECT_GT(quotes[0].bits, 200) << copies;
  }
}

TEST(Sightings, CopiesCountOnceAndFiguresAreNoCopies) {
  Pitches pitches = random_pitches(60, 7);
  pitches.insert(pitches.end(), pitches.begin(), pitches.begin() + 60);               // a copy
  for (int note = 0; note < 120; ++note) pitches.push_back(note % 2 == 0 ? 60 : 67);  // a tremolo
  const auto symbols = interval_symbols(pitches, Positions{0, 60, 120});
  const auto sorted = sort_phrases(symbols, Stop());
  const PhraseIndex index(symbols, sorted);
  const auto phrase = [&](std::size_t begin) {
    return index.find(std::span<const Symbol>(symbols).subspan(begin, 4));
  };
  EXPECT_EQ(phrase(30).size(), 2U);
  EXPECT_EQ(index.sightings(phrase(30), Stop()), 1U);
  EXPECT_GT(phrase(130).size(), 50U);
  EXPECT_EQ(index.sightings(phrase(130), Stop()), phrase(130).size());
}

// A work, and a copy whose notes from 100 on differ now and then, up to `end`.
std::uint32_t sightings_between_wrong_notes(std::size_t end, Positions first_notes) {
  Pitches pitches = random_pitches(300, 8);
  pitches.insert(pitches.end(), pitches.begin(), pitches.begin() + 300);
  for (std::size_t note = 100; note < end; note += 10) ++pitches[300 + note];
  const auto symbols = interval_symbols(pitches, first_notes);
  const auto sorted = sort_phrases(symbols, Stop());
  const PhraseIndex index(symbols, sorted);
  return index.sightings(index.find(std::span<const Symbol>(symbols).subspan(103, 4)), Stop());
}

TEST(Sightings, WhatLiesBetweenWrongNotesOfACopyCountsAsCopied) {
  EXPECT_EQ(sightings_between_wrong_notes(131, {0, 300}), 1U);
  EXPECT_EQ(sightings_between_wrong_notes(151, {0, 300}), 2U)
      << "too far from one copied passage to the next";
  EXPECT_EQ(sightings_between_wrong_notes(131, {0, 300, 420}), 2U) << "the next one is of another work";
}

}  // namespace
}  // namespace longplay
