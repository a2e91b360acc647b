#include "generator/search.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "support/note_fields.hpp"
#include "support/settings.hpp"

namespace longplay {
namespace {

constexpr int kBranches = 16;

// One request, which no result ends.
struct One : Queue {
  explicit One(Request only) : request(std::move(only)) {}
  const Request* next() override { return std::exchange(waiting, nullptr); }
  void done(const Request&, GenerationResult) override { ADD_FAILURE() << "a result came"; }
  Request request;
  const Request* waiting = &request;
};

ModelConfig config() {
  ModelConfig made;
  made.fields = note_fields();
  made.start_event = {8, 3, 2, 3};
  made.critic = {.events = 2, .phrase_ms = 5'000};
  return made;
}

Request searched() {
  Request made = request(kNoteFields, 1'000);
  made.form = one_piece(600'000);
  made.search = kBranches;
  return made;
}

GenerationResult with_state() {
  GenerationResult made;
  made.state = DecodeState{};
  return made;
}

// A search without a critic. Its prompt was read, and so many of its branches are drawn.
struct Started {
  ModelConfig of = config();
  Stop stop;
  One queue{searched()};
  Search search{queue, nullptr, of, stop};
  std::vector<const Request*> branches;

  explicit Started(int drawn) {
    search.done(*search.next(), with_state());
    for (const Request* branch = search.next(); branch; branch = search.next()) branches.push_back(branch);
    for (int i = 0; i < drawn; ++i) search.done(*branches.at(static_cast<std::size_t>(i)), with_state());
  }
};

TEST(Search, DrawsEachPhraseOnceForEachBranch) {
  const Started started(kBranches - 1);
  EXPECT_EQ(started.branches.size(), kBranches);
}

// One state may have megabytes, and each branch begins with a copy.
TEST(Search, StopsBeforeItCopiesTheStateForTheBranches) {
  const ModelConfig of = config();
  Stop stop;
  One queue(searched());
  Search search(queue, nullptr, of, stop);
  const Request& prompt = *search.next();
  stop.request();
  EXPECT_THROW(search.done(prompt, with_state()), Cancelled);
}

// Without a critic, judging a branch crashes.
TEST(Search, StopsBeforeItJudgesABranch) {
  Started started(kBranches - 1);
  started.stop.request();
  EXPECT_THROW(started.search.done(*started.branches.back(), with_state()), Cancelled);
}

}  // namespace
}  // namespace longplay
