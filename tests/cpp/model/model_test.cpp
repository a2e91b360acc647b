// The model layer with ONNX Runtime in it: where states lie, what a step copies, what it allocates.
//
// LONGPLAY_TEST_DEVICE runs them elsewhere than on the CPU: `cuda`, or `cuda-graph`.
#include "model/model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <utility>

#include "generator/generator.hpp"
#include "model/allocations.hpp"
#include "model/identity_model.hpp"
#include "support/settings.hpp"

namespace longplay {
namespace {

using Numbers = std::array<float, 6>;  // state a, then b

class ModelTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const char* const path = std::getenv("LONGPLAY_ORT_LIBRARY");
    if (!path) GTEST_SKIP() << "LONGPLAY_ORT_LIBRARY names no ONNX Runtime";
    runtime_ = std::make_shared<const Runtime>(path);
    const char* const device = std::getenv("LONGPLAY_TEST_DEVICE");
    const std::string name = device ? device : "cpu";
    ASSERT_TRUE(name == "cpu" || name == "cuda" || name == "cuda-graph") << name;
    if (name != "cpu") device_.kind = Device::Kind::cuda;
    device_.capture = name == "cuda-graph";
  }

  std::unique_ptr<Model> make(int rows) const {
    return std::make_unique<Model>(runtime_, test::identity_model(GetParam()), device_, rows, stop_);
  }

  static void load(Model& model, int row, const Numbers& numbers) {
    model.load(row, std::as_bytes(std::span(numbers)));
  }
  static Numbers save(const Model& model, int row) {
    Numbers numbers;
    model.save(row, std::as_writable_bytes(std::span(numbers)));
    return numbers;
  }
  static Numbers row_numbers(int row) {
    const auto base = static_cast<float>(10 * row);
    return {base, base + 1, base + 2, base + 3, base + 4, base + 5};
  }
  // As one step leaves them.
  static Numbers stepped(Numbers numbers) {
    if (!GetParam()) std::rotate(numbers.begin(), numbers.begin() + 3, numbers.end());
    return numbers;
  }

  // All that a note takes.
  static void note(Model& model, int rows) {
    for (int row = 0; row < rows; ++row) std::ranges::fill(model.event(row), 1);
    model.step(rows);
    for (int row = 0; row < rows; ++row)
      model.choose(row, 0, static_cast<std::int32_t>(model.logits(0, row).size()) - 1);
    model.head(1, rows);
    for (int row = 0; row < rows; ++row) ASSERT_EQ(model.logits(1, row).size(), 3U);
  }

  std::shared_ptr<const Runtime> runtime_;
  Device device_ = Device::cpu();
  mutable Stop stop_;
};

TEST_P(ModelTest, LogitsComeFromTheStatesOfTheirOwnRow) {
  const auto model = make(3);
  for (int row = 0; row < 3; ++row) load(*model, row, row_numbers(row));
  note(*model, 3);
  for (int row = 0; row < 3; ++row) {
    const Numbers before = row_numbers(row);
    EXPECT_TRUE(std::ranges::equal(model->logits(0, row), std::span(before).first(3)));
    EXPECT_TRUE(std::ranges::equal(model->logits(1, row), std::span(before).last(3)));
    EXPECT_EQ(save(*model, row), stepped(before));
  }
}

TEST_P(ModelTest, AStepCopiesNoStateAndAllocatesNothing) {
  const auto model = make(5);
  for (int row = 0; row < 5; ++row) load(*model, row, row_numbers(row));
  for (int steps = 0; steps < 2; ++steps) note(*model, 5);  // the first of its size makes its tensors
  const std::uint64_t copies = model->row_copies();
  const test::Allocations allocations;
  for (int steps = 0; steps < 200; ++steps) note(*model, 5);
  EXPECT_EQ(allocations.ours(), 0U);
  EXPECT_GT(allocations.runtimes(), 0U);  // else they would not be seen
  EXPECT_EQ(model->row_copies(), copies);
}

TEST_P(ModelTest, EachResetSaveAndLoadCopiesOneRow) {
  const auto model = make(4);
  EXPECT_EQ(model->row_copies(), 0U);
  load(*model, 2, row_numbers(2));
  EXPECT_EQ(model->row_copies(), 1U);
  EXPECT_EQ(save(*model, 2), row_numbers(2));
  EXPECT_EQ(model->row_copies(), 2U);
  model->reset(2);
  EXPECT_EQ(model->row_copies(), 3U);
  EXPECT_EQ(save(*model, 2), Numbers{});
}

TEST_P(ModelTest, OnlyRowsThatWereLeftBehindAreCopiedByAStep) {
  const auto model = make(4);
  for (int row = 0; row < 4; ++row) load(*model, row, row_numbers(row));
  const std::uint64_t loads = model->row_copies();
  note(*model, 2);
  EXPECT_EQ(model->row_copies() - loads, 0U);
  EXPECT_EQ(save(*model, 3), row_numbers(3));
  note(*model, 3);  // side to side, row 2 stands where the first two were
  EXPECT_EQ(model->row_copies() - loads - 1, GetParam() && !device_.capture ? 0U : 1U);
  EXPECT_EQ(save(*model, 0), stepped(stepped(row_numbers(0))));
  EXPECT_EQ(save(*model, 2), stepped(row_numbers(2)));
  EXPECT_EQ(save(*model, 3), row_numbers(3));
}

TEST_P(ModelTest, ThousandsOfRowsKeepTheirStates) {
  const auto model = make(Model::kMaxBatch);
  for (int row = 0; row < Model::kMaxBatch; ++row) load(*model, row, row_numbers(row));
  note(*model, Model::kMaxBatch);
  for (int row = 0; row < Model::kMaxBatch; ++row) ASSERT_EQ(save(*model, row), stepped(row_numbers(row)));
}

// Draws one request, and nothing more.
class One : public Queue {
 public:
  explicit One(Request request) : request_(std::move(request)) {}
  const Request* next() override { return std::exchange(given_, true) ? nullptr : &request_; }
  void done(const Request&, GenerationResult result) override { drawn = std::move(result); }

  GenerationResult drawn;

 private:
  Request request_;
  bool given_ = false;
};

TEST_P(ModelTest, AnEventTakesNoMemoryButWhatKeepsIt) {
  constexpr std::uint64_t kEvents = 4000;
  Generator generator(make(1), nullptr);
  One queue(request(2, kEvents));
  const test::Allocations allocations;
  generator.run(queue, 1, stop_);
  EXPECT_EQ(queue.drawn.events.size(), 2 * kEvents);
  EXPECT_LT(allocations.ours(), 100U);  // vectors that grow by doubling, and the slot
}

TEST_P(ModelTest, AStopEndsWhatIsUnderWayAndTheModelWorksAgainAfterwards) {
  const auto model = make(1);
  {
    Stop stop;
    const Model::Stoppable stoppable(*model, stop);
    stop.request();
    EXPECT_THROW(model->step(1), Cancelled);
    EXPECT_THROW(model->head(1, 1), Cancelled);
  }
  const Model::Stoppable stoppable(*model, stop_);
  EXPECT_NO_THROW(note(*model, 1));
}

INSTANTIATE_TEST_SUITE_P(States, ModelTest, testing::Bool(),
                         [](const auto& in_place) { return in_place.param ? "InPlace" : "SideToSide"; });

}  // namespace
}  // namespace longplay
