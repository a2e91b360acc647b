#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "originality/windows.hpp"

namespace longplay {
namespace {

using Series = std::vector<std::uint8_t>;

TEST(PitchSeries, TheHighestSoundingNoteHoldsUntilItEnds) {
  const std::vector<Note> notes{{0, 500, 60, 64}, {125, 125, 72, 64}, {625, 10, 50, 64}};
  EXPECT_EQ(pitch_series(notes, PitchSeries::sounding, 125), (Series{60, 72, 60, 60, 0, 50}));
}

TEST(PitchSeries, TheNoteStruckLastHoldsUntilTheNext) {
  const std::vector<Note> notes{
      {125, 500, 60, 64}, {250, 125, 72, 64}, {250, 9000, 40, 64}, {500, 10, 50, 64}};
  const Series series = pitch_series(notes, PitchSeries::struck, 125);
  EXPECT_EQ(Series(series.begin(), series.begin() + 6), (Series{0, 60, 72, 72, 50, 50}));
}

TEST(PitchSeries, OnsetsAreRoundedToTheNearestStep) {
  const std::vector<Note> notes{{62, 10, 60, 64}, {187, 10, 62, 64}, {188, 10, 64, 64}};
  EXPECT_EQ(pitch_series(notes, PitchSeries::sounding, 125), (Series{60, 62, 64}));
}

TEST(Dtw, AStretchedWindowCostsNothing) {
  EXPECT_EQ(dtw_distance(Series{60, 62, 64, 65}, Series{60, 62, 62, 65}, 0), 1U);
  EXPECT_EQ(dtw_distance(Series{60, 60, 60, 65}, Series{60, 65, 65, 65}, 0), 0U);
}

TEST(Dtw, ABandKeepsTheWarpingClose) {
  const Series early{60, 65, 65, 65, 65};
  const Series late{60, 60, 60, 60, 65};
  EXPECT_EQ(dtw_distance(early, late, 0), 0U);
  EXPECT_EQ(dtw_distance(early, late, 1), 10U);
}

TEST(Dtw, WindowsOfTwoLengthsAreRefused) {
  EXPECT_THROW(dtw_distance(Series{60, 60}, Series{60, 60, 60}, 0), std::invalid_argument);
  EXPECT_THROW(dtw_distance(Series{60}, Series{60}, 0), std::invalid_argument);
}

// Music-like series: held notes, steps and rests. `spread` is how far notes leap.
Series wandering(std::size_t length, int spread, std::mt19937& random) {
  Series series;
  int pitch = 60;
  while (series.size() < length) {
    pitch = std::clamp(pitch + static_cast<int>(random() % static_cast<unsigned>(2 * spread + 1)) - spread, 0,
                       127);
    const std::uint8_t value = random() % 12 == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(pitch);
    series.insert(series.end(), 1 + random() % 4, value);
  }
  series.resize(length);
  return series;
}

struct SearchCase {
  int steps;
  int band;
  int spread;
};

class Search : public testing::TestWithParam<SearchCase> {};

TEST_P(Search, FindsWhatLookingAtEveryPairFinds) {
  const auto [steps, band, spread] = GetParam();
  const auto length = static_cast<std::size_t>(steps);
  std::mt19937 random(7);
  const Series series = wandering(1500, spread, random);
  std::vector<std::uint32_t> starts;
  for (std::uint32_t start = 0; start + length <= series.size(); ++start) starts.push_back(start);
  const WindowSearch search(series, order_windows(series, starts, steps, Stop()),
                            {.steps = steps, .band = band});
  const Series queries = wandering(10 * length, spread, random);
  std::vector<WindowSearch::Excluded> excluded;
  for (std::uint32_t i = 0; i < 10; ++i) excluded.push_back({i * 60, i * 120});

  const auto found = search.nearest(queries, excluded, 2, Stop());
  ASSERT_EQ(found.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    const auto query = std::span(queries).subspan(i * length, length);
    std::uint32_t least = UINT32_MAX;
    for (const std::uint32_t start : starts)
      if (start < excluded[i].begin || start >= excluded[i].end)
        least = std::min(least, dtw_distance(query, std::span(series).subspan(start, length), band));
    EXPECT_EQ(found[i].distance, least) << "query " << i;
    EXPECT_TRUE(found[i].start < excluded[i].begin || found[i].start >= excluded[i].end);
    EXPECT_EQ(dtw_distance(query, std::span(series).subspan(found[i].start, length), band), least);
  }
}

// A spread of 60 leaves nothing within what a byte holds.
INSTANTIATE_TEST_SUITE_P(Shapes, Search,
                         testing::Values(SearchCase{40, 0, 5}, SearchCase{40, 0, 1}, SearchCase{40, 4, 5},
                                         SearchCase{40, 1, 60}, SearchCase{2, 0, 5}, SearchCase{41, 0, 60},
                                         SearchCase{64, 0, 20}));

TEST(WindowSearch, NothingIsNearestWhenEverythingIsExcluded) {
  const Series series(50, 60);
  const std::vector<std::uint32_t> starts{0, 5};
  const WindowSearch search(series, starts, {.steps = 40, .band = 0});
  const std::vector<WindowSearch::Excluded> excluded{{0, 50}};
  EXPECT_EQ(search.nearest(Series(40, 60), excluded, 1, Stop()).front().start, WindowSearch::kNone);
}

TEST(WindowSearch, AWindowPastTheSeriesIsRefused) {
  const Series series(50, 60);
  EXPECT_THROW(WindowSearch(series, std::vector<std::uint32_t>{11}, {.steps = 40, .band = 0}),
               std::invalid_argument);
  EXPECT_THROW(order_windows(series, std::vector<std::uint32_t>{11}, 40, Stop()), std::invalid_argument);
}

TEST(WindowSearch, AValueThatIsNoPitchIsRefused) {
  const std::vector<std::uint32_t> starts{0};
  EXPECT_THROW(WindowSearch(Series(40, 128), starts, {.steps = 40, .band = 0}), std::invalid_argument);
  const WindowSearch search(Series(40, 60), starts, {.steps = 40, .band = 0});
  EXPECT_THROW(search.nearest(Series(40, 128), {}, 1, Stop()), std::invalid_argument);
}

}  // namespace
}  // namespace longplay
