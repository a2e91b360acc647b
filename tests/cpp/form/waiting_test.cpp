#include "form/waiting.hpp"

#include <gtest/gtest.h>

namespace longplay {
namespace {

// So many notes are added, and one more is given, in each of ten seconds.
float nats_after(int added, double aim) {
  Waiting waiting(aim);
  for (int second = 0; second < 10; ++second) {
    for (int note = 0; note < added; ++note) waiting.push(900 / added, true);
    waiting.push(1'000 - 900 / added * added, false);
  }
  return waiting.nats();
}

TEST(Waiting, FavoursWaitingWhereMoreNotesWereAddedThanWanted) {
  EXPECT_GT(nats_after(8, 4), 1);
  EXPECT_NEAR(nats_after(4, 4), 0, 1);
  EXPECT_LT(nats_after(2, 4), -1);
}

TEST(Waiting, BeginsAsIfTheAimHadBeenKept) { EXPECT_EQ(Waiting(4).nats(), 0); }

TEST(Waiting, WithoutAnAimFavoursNothing) { EXPECT_EQ(nats_after(50, 0), 0); }

}  // namespace
}  // namespace longplay
