#include "events/tokenizer.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.hpp"
#include "support/note_fields.hpp"

namespace longplay {
namespace {

constexpr std::int32_t kEnd = 7;

TEST(Tokenizer, TakesTheNearestValueAndTheSmallerOfTwo) {
  const Tokenizer tokenizer(note_fields());
  const std::vector<Note> notes{{0, 549, 60, 60}, {300, 551, 62, 61}};
  const std::vector<NoteEvent> expected{{0, 0, 0, 0}, {2, 1, 1, 1}};  // 300 ms is as near to 100 as to 500
  EXPECT_EQ(tokenizer.encode(notes), expected);
}

TEST(Tokenizer, CountsShiftsFromTheEncodedOnset) {
  const Tokenizer tokenizer(note_fields());
  // 40 ms each: the first rounds to 10, and the 30 ms lost are in the next one, which rounds to 100.
  const std::vector<Note> notes{{0, 100, 60, 40}, {40, 100, 62, 40}, {80, 100, 64, 40}};
  const auto events = tokenizer.encode(notes);
  EXPECT_EQ(events[1][0], 1);
  EXPECT_EQ(events[2][0], 2);
}

TEST(Tokenizer, ShortensARestThatIsTooLongAndGoesOnFromThere) {
  const Tokenizer tokenizer(note_fields());
  const std::vector<Note> notes{{0, 100, 60, 40}, {60'000, 100, 62, 40}, {60'100, 100, 64, 40}};
  const auto decoded = tokenizer.decode(tokenizer.encode(notes));
  ASSERT_EQ(decoded.size(), 3U);
  EXPECT_EQ(decoded[1].onset_ms, 8000);
  EXPECT_EQ(decoded[2].onset_ms, 8100);
}

TEST(Tokenizer, LeavesOutPitchesThatTheTableLacks) {
  const Tokenizer tokenizer(note_fields());
  const std::vector<Note> notes{{0, 100, 60, 40}, {100, 100, 61, 40}, {200, 100, 62, 40}};
  const auto events = tokenizer.encode(notes);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1][0], 2);  // 200 ms from the last note that was encoded
}

TEST(Tokenizer, DecodesAnyIdsAndPassesOverAnEnd) {
  const Tokenizer tokenizer(note_fields());
  const std::vector<NoteEvent> events{{3, 0, 0, 2}, {kEnd, 2, 1, 1}, {2, 0, 1, 0}};
  const std::vector<Note> expected{{500, 100, 60, 40},
                                   {600, 100, 60, 80}};  // cut where the same key is struck
  EXPECT_EQ(tokenizer.decode(events), expected);
}

TEST(Tokenizer, NamesTheIdOutOfRange) {
  const Tokenizer tokenizer(note_fields());
  const std::vector<NoteEvent> events{{0, 0, 0, 0}, {0, 3, 0, 0}};
  try {
    tokenizer.decode(events);
    FAIL() << "nothing was thrown";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "pitch of event 1 must be in [0, 2], not 3");
  }
}

TEST(Tokenizer, NamesTheNoteThatIsOutOfOrder) {
  const Tokenizer tokenizer(note_fields());
  const std::vector<Note> notes{{500, 100, 60, 40}, {499, 100, 62, 40}};
  try {
    tokenizer.encode(notes);
    FAIL() << "nothing was thrown";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "notes[1].onset_ms must be at least 500, as the note before it, not 499");
  }
}

TEST(Tokenizer, RefusesFieldsThatAreNotNotes) {
  std::vector<FieldConfig> fields = note_fields();
  fields.pop_back();
  EXPECT_THROW(Tokenizer{fields}, ModelError);
}

}  // namespace
}  // namespace longplay
