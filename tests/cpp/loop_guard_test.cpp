#include "longplay/loop_guard.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

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

// Plays `period` distinct ids round and round until the guard objects.
int notes_until_refused(int period) {
  LoopGuard guard;
  for (int i = 0; i < 2000; ++i) {
    const int next = (i % period) % kIds;
    if (forbidden(guard) == std::vector{next}) return i;
    guard.push(next);
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

TEST(LoopGuard, ForbidsTheLastIdsButNeverAllOfThem) {
  LoopGuard guard;
  for (const int id : {0, 2, 1}) guard.push(id);
  std::vector<float> bias(4, 0.0F);
  guard.forbid_last(2, bias);
  EXPECT_EQ(std::isinf(bias[0]), false);
  EXPECT_EQ(std::isinf(bias[1]) && std::isinf(bias[2]), true);
  guard.forbid_last(9, bias);  // there are three
  EXPECT_EQ(std::isinf(bias[0]), true);
  std::vector<float> narrow(3, 0.0F);
  guard.forbid_last(3, narrow);
  EXPECT_EQ(std::isinf(narrow[0]), false);  // the last one that was open
}

TEST(LoopGuard, StartsAgainAfterAChange) {
  LoopGuard guard;
  for (int i = 0; i < 47; ++i) guard.push(i % 16);
  ASSERT_EQ(forbidden(guard), std::vector{15});
  guard.push(40);
  for (int i = 0; i < 31; ++i) {
    EXPECT_TRUE(forbidden(guard).empty());
    guard.push(i % 16);
  }
}

TEST(LoopGuard, LeavesTheLastWayOpen) {
  LoopGuard guard;
  for (int i = 0; i < 47; ++i) guard.push(0);
  std::vector<float> bias(2, 0.0F);
  bias[1] = -std::numeric_limits<float>::infinity();
  guard.forbid(bias);
  EXPECT_EQ(bias[0], 0.0F);
}

}  // namespace
}  // namespace longplay
