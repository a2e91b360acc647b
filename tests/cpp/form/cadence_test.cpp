#include "form/cadence.hpp"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>

namespace longplay {
namespace {

constexpr std::int64_t kLate = 1'000'000;

using Scale = std::array<int, 15>;
constexpr Scale kMajor{0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0};
constexpr Scale kMinor{0, 2, 3, 5, 7, 8, 10, 12, 10, 8, 7, 5, 3, 2, 0};

// A scale up and down, four times, in notes of 200 ms.
void play_scale(Cadence& cadence, int tonic, std::int64_t onset_ms, const Scale& scale = kMajor) {
  for (std::size_t i = 0; i < 60; ++i) {
    cadence.push({onset_ms + 150 * static_cast<std::int64_t>(i), 200,
                  static_cast<std::uint8_t>(tonic + scale[i % scale.size()]), 64});
  }
}

// Plays the scale of C major, then a close at 10 s.
Cadence scale_and(std::initializer_list<int> pitches, std::int64_t duration_ms) {
  Cadence cadence;
  play_scale(cadence, 60, 0);
  for (const int pitch : pitches) cadence.push({10'000, duration_ms, static_cast<std::uint8_t>(pitch), 64});
  return cadence;
}

TEST(Cadence, ALongTonicIsFinal) {
  EXPECT_TRUE(scale_and({60}, 1000).is_final(kLate));
  EXPECT_TRUE(scale_and({48, 50, 57}, 1000).is_final(kLate));  // whatever is above it
  EXPECT_TRUE(scale_and({57, 50, 48}, 1000).is_final(kLate));  // in whatever order
}

TEST(Cadence, ATriadOfTheTonicIsFinalInAnyPosition) {
  EXPECT_TRUE(scale_and({55, 64, 72}, 1000).is_final(kLate));
  EXPECT_TRUE(scale_and({51, 55, 60}, 1000).is_final(kLate));   // the minor one too
  EXPECT_FALSE(scale_and({51, 52, 55}, 1000).is_final(kLate));  // but not both at once
}

TEST(Cadence, AnotherNoteIsNot) {
  EXPECT_FALSE(scale_and({62}, 1000).is_final(kLate));
  EXPECT_FALSE(scale_and({55, 59, 62}, 1000).is_final(kLate));  // the dominant
}

TEST(Cadence, ACloseLastsAsLongAsThreeQuartersOfWhatWasBefore) {
  EXPECT_FALSE(scale_and({60}, 180).is_final(kLate));
  EXPECT_TRUE(scale_and({60}, 200).is_final(kLate));
  EXPECT_FALSE(scale_and({60}, 1000).is_final(10'150));  // it is cut there
  EXPECT_TRUE(scale_and({60}, 1000).is_final(10'200));
}

TEST(Cadence, ACloseAsLongAsExactlyThreeQuartersIsFinal) {
  const auto after = [](int shorter) {
    Cadence cadence;
    for (int i = 0; i < 100; ++i) cadence.push({100 * i, i < shorter ? 100 : 500, 60, 64});
    cadence.push({20'000, 400, 60, 64});
    return cadence.is_final(kLate);
  };
  EXPECT_FALSE(after(74));
  EXPECT_TRUE(after(75));
}

TEST(Cadence, ARolledChordIsOneClose) {
  Cadence cadence = scale_and({}, 0);
  const int chord[] = {48, 53, 57, 62};  // on the tonic
  for (int i = 0; i < 4; ++i) cadence.push({10'000 + 60 * i, 900, static_cast<std::uint8_t>(chord[i]), 64});
  EXPECT_TRUE(cadence.is_final(kLate));
  cadence.push({10'241, 900, 62, 64});  // the last one again, alone
  EXPECT_FALSE(cadence.is_final(kLate));
}

TEST(Cadence, ACloseLastsAsLongAsItsLongestNote) {
  for (const std::int64_t first : {100, 1000}) {
    Cadence cadence = scale_and({}, 0);
    cadence.push({10'000, first, 48, 64});
    cadence.push({10'000, 1100 - first, 60, 64});
    EXPECT_TRUE(cadence.is_final(kLate));
  }
}

TEST(Cadence, ANoteThatItsOwnPitchEndsDoesNotMakeACloseLong) {
  Cadence cadence = scale_and({48}, 1000);
  EXPECT_TRUE(cadence.is_final(kLate));
  cadence.push({10'050, 100, 48, 64});
  EXPECT_FALSE(cadence.is_final(kLate));
}

TEST(Cadence, AMinorKeyHasATonicOfItsOwn) {
  Cadence cadence;
  play_scale(cadence, 57, 0, kMinor);  // the notes of C major
  for (const std::uint8_t pitch : {57, 60, 64}) cadence.push({10'000, 1000, pitch, 64});
  EXPECT_TRUE(cadence.is_final(kLate));
}

TEST(Cadence, ANoteThatIsHeldForLongDoesNotMakeTheKey) {
  Cadence cadence = scale_and({}, 0);
  cadence.push({9'900, 20'000, 61, 64});
  cadence.push({10'000, 1000, 60, 64});
  EXPECT_TRUE(cadence.is_final(kLate));
}

TEST(Cadence, TheKeyIsThatOfTheLastHalfMinute) {
  Cadence cadence = scale_and({}, 0);
  play_scale(cadence, 66, 40'000);
  Cadence home = cadence;
  home.push({50'000, 1000, 54, 64});
  EXPECT_TRUE(home.is_final(kLate));
  cadence.push({50'000, 1000, 60, 64});
  EXPECT_FALSE(cadence.is_final(kLate));
}

TEST(Cadence, OneChordClosesNothing) {
  EXPECT_FALSE(Cadence().is_final(kLate));
  Cadence cadence;
  cadence.push({0, 1000, 60, 64});
  EXPECT_FALSE(cadence.is_final(kLate));
}

TEST(Cadence, KeepsToTimesThatHavePassed) {
  const Cadence cadence = scale_and({60}, 1000);
  EXPECT_TRUE(cadence.is_valid(0, 10'000));
  EXPECT_FALSE(cadence.is_valid(1, 10'000));
  EXPECT_FALSE(cadence.is_valid(0, 9'999));
  EXPECT_FALSE(cadence.is_valid(0, 10'001));
  EXPECT_TRUE(Cadence().is_valid(0, 10'000));
}

TEST(Cadence, OfMoreNotesThanItStoresIsValidToo) {
  Cadence cadence;
  for (int i = 0; i < 2000; ++i) {
    cadence.push({10 * i, 1 + 43'199 * (i % 2001), 60, 64});
    ASSERT_TRUE(cadence.is_valid(0, 10 * i)) << i;
  }
}

}  // namespace
}  // namespace longplay
