// A double of the model requests a stop and counts how long the generator goes on. The linker takes the
// double instead of cpp/src/model/model.cpp.
#include "generator/generator.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/settings.hpp"

namespace longplay {
namespace {

constexpr int kRows = 32;

// Requests a stop in the first call of a name, and counts the calls after it.
struct Probe {
  explicit Probe(std::string call) : stops_in(std::move(call)) {}

  std::string stops_in;
  Stop stop;
  int calls_after = 0;

  void visit(const std::string& call) {
    if (stop.requested()) ++calls_after;
    if (call == stops_in) stop.request();
  }
};

Probe* probe = nullptr;

}  // namespace

struct Model::Impl {
  std::shared_ptr<const ModelFiles> files;
  std::vector<std::int64_t> event{0}, control;
  std::vector<float> logits{0, 0};

  explicit Impl(std::shared_ptr<const ModelFiles> of) : files(std::move(of)) {}
};

Model::Model(std::shared_ptr<const Runtime>, std::shared_ptr<const ModelFiles> files, const Device&, int,
             Stop&)
    : impl_(new Impl(std::move(files))) {}
Model::~Model() = default;
Model::Stoppable::Stoppable(Model&, Stop&) {}

const ModelConfig& Model::config() const { return impl_->files->config; }
int Model::max_batch() const { return kRows; }
std::span<std::int64_t> Model::event(int) { return impl_->event; }
std::span<std::int64_t> Model::control(int) { return impl_->control; }
void Model::mark_seed(int, bool) { probe->visit("mark_seed"); }
void Model::step(int) { probe->visit("step"); }
void Model::choose(int, int, std::int32_t) {}
void Model::head(int, int) {}
std::span<const float> Model::logits(int, int) const {
  probe->visit("logits");
  return impl_->logits;
}
std::size_t Model::state_bytes() const { return 0; }
void Model::reset(int) { probe->visit("reset"); }
void Model::save(int, std::span<std::byte>) const { probe->visit("save"); }
void Model::load(int, std::span<const std::byte>) {}
std::uint64_t Model::row_copies() const { return 0; }
double Model::run_seconds() const { return 0; }
double Model::step_seconds() const { return 0; }

namespace {

// Requests of one event each, one for each row. Then requests of no event.
struct Requests : Queue {
  explicit Requests(int empties) : drawn(request(1, 1)), empty(request(1, 0)), of_empty(empties) {
    drawn.keep_state = empty.keep_state = true;
  }
  const Request* next() override {
    ++taken;
    return taken <= kRows ? &drawn : taken <= kRows + of_empty ? &empty : nullptr;
  }
  void done(const Request&, GenerationResult) override { ++results; }
  Request drawn, empty;
  int of_empty, taken = 0, results = 0;
};

// Returns the number of results, and how often the model was called after a stop in a call of this name.
std::pair<int, int> run(const std::string& stops_in, int empties = 0) {
  ModelFiles files;
  files.config.fields = {{.name = "token", .size = 2, .values = {}}};
  files.config.start_event = {2};
  Probe here(stops_in);
  probe = &here;
  auto model = std::make_unique<Model>(nullptr, std::make_shared<const ModelFiles>(std::move(files)),
                                       Device{}, kRows, here.stop);
  Requests requests(empties);
  Generator(std::move(model), nullptr).run(requests, kRows, here.stop);
  return {requests.results, here.calls_after};
}

TEST(Generator, AnswersAllRequestsWithoutAStop) { EXPECT_EQ(run("", kRows), std::pair(2 * kRows, 0)); }

TEST(Generator, StopsBeforeItAnswersAnotherRequestOfNoEvent) { EXPECT_LE(run("save", kRows).second, 1); }

class StopOfAGenerator : public testing::TestWithParam<const char*> {};

// A slot may copy megabytes, so no other slot may follow: neither as requests begin, nor before a step, nor
// as ids are drawn, nor as results are saved.
TEST_P(StopOfAGenerator, TakesEffectBeforeTheNextSlot) { EXPECT_LE(run(GetParam()).second, 1); }

INSTANTIATE_TEST_SUITE_P(Calls, StopOfAGenerator,
                         testing::Values("reset", "mark_seed", "step", "logits", "save"));

}  // namespace
}  // namespace longplay
