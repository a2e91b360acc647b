#include "model/model_config.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/error.hpp"

namespace longplay {
namespace {

ModelConfig note_model() {
  ModelConfig config;
  config.name = "tiny";
  config.fields = {
      {"time_shift", 3, {0, 10}}, {"pitch", 2, {60, 62}}, {"velocity", 2, {64, 127}}, {"duration", 1, {100}}};
  config.start_event = {3, 2, 2, 1};
  config.context_width = 8;
  config.controls = {{"remaining", 4, 3, {1000, 5000}, {}}, {"style", 2, 0, {}, {"unknown", "ragtime"}}};
  config.states = {{"h", "next_h", ElementType::float32, {2, 8}}, {"n", "next_n", ElementType::int64, {}}};
  return config;
}

ModelConfig token_model() {
  ModelConfig config;
  config.name = "tokens";
  config.fields = {{"token", 16, {}}};
  config.start_event = {16};
  return config;
}

std::string problem(const ModelConfig& config) {
  try {
    config.validate();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

// Changes the config of a note model, and returns the message of `validate`.
std::string problem(const std::function<void(ModelConfig&)>& change) {
  ModelConfig config = note_model();
  change(config);
  return problem(config);
}

TEST(ModelConfig, ANoteModelAndATokenModelAreValid) {
  EXPECT_EQ(problem(note_model()), "");
  EXPECT_EQ(problem(token_model()), "");
}

TEST(ModelConfig, EveryCountIsHeldToTheContract) {
  EXPECT_EQ(problem([](auto& c) { c.name = ""; }), "config.json: name must not be empty");
  EXPECT_EQ(problem([](auto& c) { c.fields.clear(); }),
            "config.json: fields must have 1 to 64 entries, not 0");
  EXPECT_EQ(problem([](auto& c) { c.start_event.pop_back(); }),
            "config.json: start_event must have 4 entries, not 3");
  EXPECT_EQ(problem([](auto& c) { c.context_width = 0; }),
            "config.json: context_width must be in [1, 1048576], not 0");
  ModelConfig tokens = token_model();
  tokens.context_width = 8;
  EXPECT_EQ(problem(tokens), "config.json: context_width must be absent from a model of one field");
}

TEST(ModelConfig, AStartEventMayHoldTheIdThatIsNeverDrawnButNoneAboveIt) {
  EXPECT_EQ(problem([](auto& c) { c.start_event = {0, 2, 0, 0}; }), "");
  EXPECT_EQ(problem([](auto& c) { c.start_event[1] = 3; }),
            "config.json: start_event[1] must be in [0, 2], not 3");
  EXPECT_EQ(problem([](auto& c) { c.start_event[1] = -1; }),
            "config.json: start_event[1] must be in [0, 2], not -1");
}

TEST(ModelConfig, AFieldThatBreaksTheContractIsNamed) {
  EXPECT_EQ(problem([](auto& c) { c.fields[3].name = "pitch"; }),
            "config.json: fields[3].name must differ from the other names, not be 'pitch' again");
  EXPECT_EQ(problem([](auto& c) { c.fields[1].size = 0; }),
            "config.json: fields[1].size must be in [1, 1048576], not 0");
  EXPECT_EQ(problem([](auto& c) { c.fields[1].size = 3; }),
            "config.json: fields[1].values must have 3 entries for 'pitch' of size 3, not 2");
  EXPECT_EQ(problem([](auto& c) { c.fields[0].size = 2; }),
            "config.json: fields[0].values must have 1 entries for 'time_shift' of size 2, not 2");
  EXPECT_EQ(problem([](auto& c) { c.fields[0] = {"time_shift", 1, {}}; }),
            "config.json: fields[0].values[0] must be 0: notes can start together");
  EXPECT_EQ(problem([](auto& c) { c.fields[0].values = {5, 10}; }),
            "config.json: fields[0].values[0] must be 0: notes can start together");
  EXPECT_EQ(problem([](auto& c) { c.fields[0] = {"time_shift", 2, {0}}; }),
            "config.json: fields[0].values must have at least 2 entries, not 1");
  EXPECT_EQ(problem([](auto& c) { c.fields[0].values = {0, 251}; }),
            "config.json: fields[0].values[1] must be in [1, 250], not 251");
  EXPECT_EQ(problem([](auto& c) { c.fields[1].values = {62, 62}; }),
            "config.json: fields[1].values[1] must be more than the 62 before it, not 62");
  EXPECT_EQ(problem([](auto& c) { c.fields[1].values = {60, 128}; }),
            "config.json: fields[1].values[1] must be in [0, 127], not 128");
  EXPECT_EQ(problem([](auto& c) { c.fields[2].values = {0, 64}; }),
            "config.json: fields[2].values[0] must be in [1, 127], not 0");
  EXPECT_EQ(problem([](auto& c) { c.fields[3].values = {0}; }),
            "config.json: fields[3].values[0] must be in [1, 86400000], not 0");
  EXPECT_EQ(problem([](auto& c) { c.fields[3].name = "hand"; }),
            "config.json: fields[3].values must be absent: 'hand' is a field of plain tokens");
}

TEST(ModelConfig, AControlThatBreaksTheContractIsNamed) {
  EXPECT_EQ(problem([](auto& c) { c.controls[1].name = "remaining"; }),
            "config.json: controls[1].name must differ from the other names, not be 'remaining' again");
  EXPECT_EQ(problem([](auto& c) { c.controls[1].unknown = 2; }),
            "config.json: controls[1].unknown must be in [0, 1], not 2");
  EXPECT_EQ(problem([](auto& c) { c.controls[0].bounds.clear(); }),
            "config.json: controls[0].bounds must have an entry");
  EXPECT_EQ(problem([](auto& c) { c.controls[0].bounds = {5000, 1000}; }),
            "config.json: controls[0].bounds[1] must be more than the 5000 before it, not 1000");
  EXPECT_EQ(problem([](auto& c) { c.controls[0].size = 5; }),
            "config.json: controls[0].size must be 4, not 5");
  EXPECT_EQ(problem([](auto& c) { c.controls[0].unknown = 2; }),
            "config.json: controls[0].unknown must be 3, not 2");
  EXPECT_EQ(problem([](auto& c) { c.controls[0].names = {"a"}; }),
            "config.json: controls[0].names must be absent: only 'style' has them, not 'remaining'");
  EXPECT_EQ(problem([](auto& c) { c.controls[1].names.pop_back(); }),
            "config.json: controls[1].names must have 2 entries, one for each id, not 1");
  EXPECT_EQ(problem([](auto& c) { c.controls[1].names[0] = ""; }),
            "config.json: controls[1].names[0] must not be empty");
  EXPECT_EQ(problem([](auto& c) { c.controls[1].names[1] = "unknown"; }),
            "config.json: controls[1].names[1] must differ from the others, not be 'unknown' again");
  EXPECT_EQ(problem([](auto& c) { c.controls[1].bounds = {1}; }),
            "config.json: controls[1].bounds must be absent: only 'remaining' has them, not 'style'");
}

TEST(ModelConfig, AStateThatBreaksTheContractIsNamed) {
  EXPECT_EQ(problem([](auto& c) { c.states[1].input = ""; }),
            "config.json: states[1].input must not be empty");
  EXPECT_EQ(problem([](auto& c) { c.states[1].input = "event"; }),
            "config.json: states[1].input must differ from the other names, not be 'event' again");
  EXPECT_EQ(problem([](auto& c) { c.states[1].output = "next_h"; }),
            "config.json: states[1].output must differ from the other names, not be 'next_h' again");
  EXPECT_EQ(problem([](auto& c) { c.states[0].shape[1] = 0; }),
            "config.json: states[0].shape[1] must be at least 1, not 0");
  EXPECT_EQ(problem([](auto& c) { c.states[0].shape.assign(9, 1); }),
            "config.json: states[0].shape must have at most 8 axes");
}

TEST(ModelConfig, AStateIsRefusedBeforeItsSizeOverflows) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 32;
  EXPECT_EQ(problem([](auto& c) { c.states[0].shape = {kHuge, kHuge}; }),
            "config.json: states[0].shape[0] makes the state of a row larger than 1073741824 bytes");
  EXPECT_EQ(problem([](auto& c) { c.states[0].shape = {1 << 28}; }),
            "config.json: states[1] makes the state of a row larger than 1073741824 bytes");
}

TEST(StateConfig, ARowHasTheBytesOfItsElements) {
  EXPECT_EQ(note_model().states[0].row_bytes(), 64U);
  EXPECT_EQ(note_model().states[1].row_bytes(), 8U);
}

}  // namespace
}  // namespace longplay
