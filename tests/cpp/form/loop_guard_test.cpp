#include "form/loop_guard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "generator/archive.hpp"

namespace longplay {
namespace {

constexpr int kIds = 88;

std::vector<int> forbidden(const LoopGuard& guard) {
  std::vector<float> bias(kIds, 0.0F);
  guard.forbid(bias);
  std::vector<int> ids;
  for (int id = 0; id < kIds; ++id) {
    if (std::isinf(bias[static_cast<std::size_t>(id)])) ids.push_back(id);
  }
  return ids;
}

void play(LoopGuard& guard, int id) {
  guard.next_onset();
  guard.push(id);
}

// Returns the ids that are forbidden to a note at a later onset.
std::vector<int> forbidden_next(LoopGuard guard) {
  guard.next_onset();
  return forbidden(guard);
}

// Plays `period` distinct ids round and round until the guard objects.
int notes_until_refused(int period) {
  LoopGuard guard;
  for (int i = 0; i < 2000; ++i) {
    const int next = (i % period) % kIds;
    if (forbidden_next(guard) == std::vector{next}) return i;
    play(guard, next);
  }
  return -1;
}

TEST(LoopGuard, RefusesTheNoteThatWouldCompleteTheThirdTurn) {
  EXPECT_EQ(notes_until_refused(16), 3 * 16 - 1);
  EXPECT_EQ(notes_until_refused(61), 3 * 61 - 1);
  EXPECT_EQ(notes_until_refused(88), 3 * 88 - 1);
}

TEST(LoopGuard, CountsAShortFigureByTheRunItFills) {
  EXPECT_EQ(notes_until_refused(1), 3 * 16 - 1);  // sixteen times the same id is a run of 16
  EXPECT_EQ(notes_until_refused(4), 3 * 16 - 1);
  EXPECT_EQ(notes_until_refused(6), 3 * 18 - 1);  // 18 is the first multiple of 6 that is long enough
}

TEST(LoopGuard, AChordHasAnIdOnce) {
  LoopGuard guard;
  play(guard, 0);
  for (const int id : {5, 2, 9}) guard.push(id);
  EXPECT_EQ(forbidden(guard), (std::vector{0, 2, 5, 9}));
  EXPECT_EQ(forbidden_next(guard), std::vector<int>{});
  LoopGuard alone;
  alone.push(0);
  std::vector<float> narrow(1, 0.0F);
  alone.forbid(narrow);
  EXPECT_EQ(narrow[0], 0.0F);  // the last way stays open
}

// Chords of four, each drawn in another order.
TEST(LoopGuard, TheOrderInWhichAChordIsDrawnDoesNotHideALoop) {
  const std::vector<std::vector<int>> orders{{0, 1, 2, 3}, {3, 1, 0, 2}, {2, 3, 1, 0}};
  LoopGuard guard;
  for (int chord = 0; chord < 11; ++chord) {
    guard.next_onset();
    const auto& order = orders[static_cast<std::size_t>(chord % 3)];
    for (const int id : order) guard.push(10 * (chord % 4) + id);
  }
  guard.next_onset();  // the twelfth would end the third run of sixteen
  for (const int id : {33, 31, 30}) {
    EXPECT_FALSE(std::ranges::binary_search(forbidden(guard), id));
    guard.push(id);
  }
  EXPECT_EQ(forbidden(guard), (std::vector{30, 31, 32, 33}));
}

TEST(LoopGuard, AChordOfMoreNotesThanItKnowsIsSeveral) {
  LoopGuard guard;
  guard.next_onset();
  for (int id = 0; id < 40; ++id) guard.push(id);
  EXPECT_TRUE(guard.is_valid(40));
  EXPECT_EQ(forbidden(guard).size(), 40 - 2 * FormRules::kMaxChord);
}

TEST(LoopGuard, IsValidAfterAnyNotes) {
  std::mt19937 random(1);
  for (const unsigned pitches : {1U, 2U, 40U}) {
    LoopGuard guard;
    for (int i = 0; i < 1500; ++i) {
      if (random() % 3 > 0) guard.next_onset();
      guard.push(i % 500 < 300 ? i % 17 % static_cast<int>(pitches) : static_cast<int>(random() % pitches));
      ASSERT_TRUE(guard.is_valid(static_cast<int>(pitches))) << i;
    }
  }
}

TEST(LoopGuard, WithANumberThatItsNotesDoNotGiveIsInvalid) {
  LoopGuard guard;
  for (int i = 0; i < 400; ++i) play(guard, i % 40);
  ArchiveWriter writer;
  guard.archive(writer);
  const std::vector<std::byte> good = writer.take();
  const auto is_valid_with = [&](std::size_t at, int value) {
    std::vector<std::byte> bytes = good;
    bytes[at] = static_cast<std::byte>(value);
    ArchiveReader reader(bytes);
    LoopGuard read;
    read.archive(reader);
    return read.is_valid(kIds);
  };
  constexpr std::size_t kRepeats = 4 * FormRules::kLongestLoop;
  constexpr std::size_t kCount = kRepeats + 4 * (FormRules::kLongestLoop + 1);
  constexpr std::size_t kChord = kCount + 8;
  EXPECT_TRUE(is_valid_with(0, std::to_integer<int>(good[0])));
  EXPECT_FALSE(is_valid_with(0, 88));
  EXPECT_FALSE(is_valid_with(kRepeats + 4 * 3, 1));       // a period that is not watched
  EXPECT_FALSE(is_valid_with(kRepeats + 4 * 17, 1));      // no note equals the one 17 before it
  EXPECT_FALSE(is_valid_with(kRepeats + 4 * 40 + 1, 0));  // but 359 in a row equal the one 40 before
  EXPECT_FALSE(is_valid_with(kCount + 1, 0));             // not so few notes
  EXPECT_FALSE(is_valid_with(kChord + 64, 17));
}

TEST(LoopGuard, StartsAgainAfterAChange) {
  LoopGuard guard;
  for (int i = 0; i < 47; ++i) play(guard, i % 16);
  ASSERT_EQ(forbidden_next(guard), std::vector{15});
  play(guard, 40);
  for (int i = 0; i < 31; ++i) {
    EXPECT_TRUE(forbidden_next(guard).empty());
    play(guard, i % 16);
  }
}

TEST(LoopGuard, LeavesTheLastWayOpen) {
  LoopGuard guard;
  for (int i = 0; i < 47; ++i) play(guard, 0);
  guard.next_onset();
  std::vector<float> bias(2, 0.0F);
  bias[1] = -std::numeric_limits<float>::infinity();
  guard.forbid(bias);
  EXPECT_EQ(bias[0], 0.0F);
}

// By the definition: whether the last 3 * period ids are a run three times in a row.
bool goes_round(const std::vector<int>& ids, std::size_t period) {
  if (ids.size() < 3 * period) return false;
  return std::equal(ids.end() - static_cast<std::ptrdiff_t>(2 * period), ids.end(),
                    ids.end() - static_cast<std::ptrdiff_t>(3 * period));
}

TEST(LoopGuard, ForbidsWhatTheDefinitionDoesHoweverLongTheMusic) {
  LoopGuard guard;
  std::vector<int> ids;
  std::size_t forbidden_in_all = 0;
  const auto add = [&](int id) {
    std::vector<int> expected;
    for (int next = 0; next < 4; ++next) {
      ids.push_back(next);
      for (std::size_t period = FormRules::kShortestLoop; period <= FormRules::kLongestLoop; ++period) {
        if (!goes_round(ids, period)) continue;
        expected.push_back(next);
        break;
      }
      ids.pop_back();
    }
    ASSERT_EQ(forbidden_next(guard), expected) << "after " << ids.size() << " ids";
    forbidden_in_all += expected.size();
    play(guard, id);
    ids.push_back(id);
  };
  std::uint32_t random = 1;
  const auto draw = [&] { return static_cast<int>((random = 1664525 * random + 1013904223) >> 30); };
  for (const std::size_t period : {17U, 256U, 16U, 100U, 255U, 31U}) {
    for (int i = 0; i < 40; ++i) add(draw());
    for (std::size_t i = 0; i + 1 < 3 * period; ++i) add(i < period ? draw() : ids[ids.size() - period]);
  }
  EXPECT_GE(forbidden_in_all, 6U);
}

}  // namespace
}  // namespace longplay
