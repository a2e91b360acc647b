#include "events/pieces.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "events/random.hpp"
#include "events/sampling.hpp"

namespace longplay {
namespace {

using Ids = std::vector<std::int32_t>;

// Keys of two programs that are struck, pressed and released between shifts; ids: Shift 1 and 2, Program 0
// and 40, Note 60 and 62, Press 60 and 62, Release 60 and 62, Bar.
VocabularyConfig keys() {
  using enum Operation;
  const std::vector<std::string> all{"Shift", "Program", "Note", "Press", "Release", "Bar"};
  VocabularyConfig config{.ticks_per_beat = 1, .beats_per_minute = 60, .velocity = 80, .duration = 1};
  config.types = {{"Shift", {{advance, {}}}, all, {}},
                  {"Program", {{program, {}}}, {"Note", "Press", "Release"}, {}},
                  {"Note", {{pitch, {}}, {emit, {}}}, all, {Condition::fresh}},
                  {"Press", {{pitch, {}}, {press, {}}}, all, {Condition::silent}},
                  {"Release", {{pitch, {}}, {release, {}}}, all, {Condition::sounding}},
                  {"Bar", {{bar, {}}}, {"Shift", "Note"}, {}}};
  config.first = all;
  config.tokens = {{"Shift", {1}},    {"Shift", {2}},    {"Program", {0}}, {"Program", {40}},
                   {"Note", {60}},    {"Note", {62}},    {"Press", {60}},  {"Press", {62}},
                   {"Release", {60}}, {"Release", {62}}, {"Bar", {}}};
  return config;
}

const Vocabulary& vocabulary() {
  static const Vocabulary made(keys());
  return made;
}

PiecesConfig alone() {
  PiecesConfig config;
  for (std::int32_t token = 0; token < static_cast<std::int32_t>(vocabulary().size()); ++token)
    config.pieces.push_back({token});
  return config;
}

// All pieces of up to three tokens.
PiecesConfig every() {
  PiecesConfig config = alone();
  const std::size_t tokens = config.pieces.size();
  for (std::size_t from = 0; config.pieces.size() < tokens * (1 + tokens + tokens * tokens); ++from) {
    for (std::size_t last = 0; last < tokens; ++last) {
      Ids longer = config.pieces[from];
      longer.push_back(static_cast<std::int32_t>(last));
      config.pieces.push_back(longer);
    }
  }
  config.scores.assign(config.pieces.size(), -1.0);
  return config;
}

void take(Registers& at, std::int32_t token) {
  vocabulary().take(at, token, [](auto...) {}, [](auto...) {});
}

// Whether tokens may follow one after another, by the whole row of each.
bool may_follow(Registers at, std::span<const std::int32_t> tokens) {
  for (const std::int32_t token : tokens) {
    std::vector<float> bias(vocabulary().size());
    vocabulary().constrain(at, bias);
    if (bias[static_cast<std::size_t>(token)] == kForbidden) return false;
    take(at, token);
  }
  return true;
}

TEST(Pieces, AllowExactlyThePiecesWhoseTokensMayFollowInOrder) {
  const PiecesConfig config = every();
  config.validate(static_cast<std::int32_t>(config.pieces.size()), vocabulary().size());
  const Pieces pieces(config, vocabulary());
  std::vector<Attempt::Change> changes;
  std::vector<float> bias(pieces.size());
  Registers at = vocabulary().begin();
  for (std::uint32_t step = 0; step < 60; ++step) {
    std::vector<float> tokens(vocabulary().size());
    vocabulary().constrain(at, tokens);
    for (std::size_t token = 0; token < tokens.size(); ++token) tokens[token] += static_cast<float>(token);
    pieces.constrain(vocabulary(), at, tokens, changes, bias);
    Ids allowed;
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(pieces.size()); ++id) {
      const Ids& piece = config.pieces[static_cast<std::size_t>(id)];
      const bool may = may_follow(at, piece);
      ASSERT_EQ(bias[static_cast<std::size_t>(id)], may ? static_cast<float>(piece[0]) : kForbidden) << id;
      if (may) allowed.push_back(id);
    }
    ASSERT_FALSE(allowed.empty());
    const double u = uniform(1, 0, step, 0);
    for (const std::int32_t token :
         pieces.tokens(allowed[static_cast<std::size_t>(u * static_cast<double>(allowed.size()))]))
      take(at, token);
  }
}

TEST(Pieces, APieceWithoutTokensMayAlwaysFollow) {
  PiecesConfig config = alone();
  config.pieces.push_back({PiecesConfig::kWord});
  config.pieces.push_back({PiecesConfig::kWord, 8});
  config.scores.assign(config.pieces.size(), -1.0);
  const Pieces pieces(config, vocabulary());
  std::vector<Attempt::Change> changes;
  std::vector<float> bias(pieces.size()), tokens(vocabulary().size());
  vocabulary().constrain(vocabulary().begin(), tokens);
  pieces.constrain(vocabulary(), vocabulary().begin(), tokens, changes, bias);
  EXPECT_EQ(bias[11], 0);
  EXPECT_EQ(bias[12], kForbidden);  // a release of a key that is not pressed
}

TEST(Pieces, TheEarliestMergeOfBpeComesFirst) {
  PiecesConfig config = alone();
  config.pieces.insert(config.pieces.end(), {{4, 0}, {0, 4}, {0, 4, 0}, {0, 0}});
  config.merges = {{0, 4}, {4, 0}, {12, 0}, {0, 0}};
  config.validate(15, vocabulary().size());
  const Pieces pieces(config, vocabulary());
  EXPECT_EQ(pieces.write(vocabulary(), Ids{0, 4, 0}), (Ids{13}));
  EXPECT_EQ(pieces.write(vocabulary(), Ids{4, 0, 4}), (Ids{4, 12}));
  EXPECT_EQ(pieces.write(vocabulary(), Ids{4, 0}), (Ids{11}));
  EXPECT_EQ(pieces.write(vocabulary(), Ids{0, 0, 0}), (Ids{14, 0}));
  EXPECT_EQ(pieces.expand(Ids{13, 11}), (Ids{0, 4, 0, 4, 0}));
  EXPECT_THROW(pieces.expand(Ids{15}), std::invalid_argument);
}

TEST(Pieces, TheMostProbablePiecesOfUnigramAreWritten) {
  PiecesConfig config = alone();
  config.pieces.insert(config.pieces.end(), {{4, 0}, {0, 4}, {0, 4, 0}});
  config.scores.assign(config.pieces.size(), -2.0);
  config.scores[13] = -5;
  const Pieces pieces(config, vocabulary());
  EXPECT_EQ(pieces.write(vocabulary(), Ids{0, 4, 0}), (Ids{0, 11}));  // of equal sums, the longest end
  config.scores[12] = -1.5;
  EXPECT_EQ(Pieces(config, vocabulary()).write(vocabulary(), Ids{0, 4, 0}), (Ids{12, 0}));
  config.scores[13] = -3;
  EXPECT_EQ(Pieces(config, vocabulary()).write(vocabulary(), Ids{0, 4, 0}), (Ids{13}));
}

// A bar has 4 ticks, a beat one. A shift belongs to where it begins, a bar to itself.
TEST(Pieces, AWordBeginsWithABarOrABeat) {
  PiecesConfig config = alone();
  config.pieces.insert(config.pieces.end(), {{PiecesConfig::kWord}, {4, 0}, {1, 4}});
  config.merges = {{1, 4}, {4, 0}};
  const auto write = [&](WordBoundary words) {
    config.words = words;
    return Pieces(config, vocabulary()).write(vocabulary(), Ids{4, 0, 4, 1, 4, 1, 5, 10, 10});
  };
  EXPECT_EQ(write(WordBoundary::none), (Ids{11, 12, 4, 13, 1, 5, 10, 10}));
  EXPECT_EQ(write(WordBoundary::bar), (Ids{11, 12, 4, 13, 1, 11, 5, 10, 11, 10}));
  EXPECT_EQ(write(WordBoundary::beat),
            (Ids{11, 12, 11, 4, 1, 11, 4, 1, 11, 5, 10, 10}));  // none begins at the end
}

}  // namespace
}  // namespace longplay
