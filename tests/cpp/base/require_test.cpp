#include "base/require.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace longplay {
namespace {

template <typename Check>
std::string message_of(const Check& check) {
  try {
    check();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Require, AcceptsBothEndsOfARange) {
  EXPECT_NO_THROW(require_range("pitch", 0, 0, 127));
  EXPECT_NO_THROW(require_range("pitch", 127, 0, 127));
  EXPECT_NO_THROW(require_at_least("count", 1, 1));
}

TEST(Require, NamesTheFieldTheRangeAndTheValue) {
  EXPECT_EQ(message_of([] { require_range("pitch", 128, 0, 127); }), "pitch must be in [0, 127], not 128");
  EXPECT_EQ(message_of([] { require_at_least("count", 0, 1); }), "count must be at least 1, not 0");
}

TEST(Require, PrintsAByteAsANumber) {
  EXPECT_EQ(message_of([] { require_range<std::uint8_t>("velocity", 0, 1, 127); }),
            "velocity must be in [1, 127], not 0");
}

TEST(Require, RefusesWhatIsNotANumber) {
  EXPECT_NE(message_of([] { require_range("min_p", std::nan(""), 0, 1); }), "");
}

}  // namespace
}  // namespace longplay
