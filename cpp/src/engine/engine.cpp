#include "engine/engine.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

#include "engine/generator_pool.hpp"
#include "engine/job.hpp"
#include "engine/live_state.hpp"
#include "engine/prepared_request.hpp"

namespace longplay {
namespace {

constexpr int kMaxRowsOnGpu = 1024;
constexpr int kThreadsOnGpu =
    4;  // each has its own sessions, so one draws while the GPU computes for another

struct Shards {
  int threads;
  int rows;  // of each
};

// A CPU's threads share the candidates. A GPU takes as long for 64 rows as for one. So it
// gets one thread for each kRowsPerThread candidates.
Shards shards(const Device& device, int num_threads, int candidates, int rows_each) {
  if (candidates == 0) return {0, 0};
  const auto share = [&](int of) { return (candidates + of - 1) / of; };
  const bool gpu = device.kind == Device::Kind::cuda;
  const int threads = std::min(num_threads, gpu ? share(kRowsPerThread) : candidates);
  return {threads, std::min(gpu ? kMaxRowsOnGpu : kRowsPerThread, share(threads) * rows_each)};
}

}  // namespace

Engine::Engine(std::shared_ptr<const Runtime> runtime, std::shared_ptr<const ModelFiles> files,
               const Device& device, int num_threads, Stop& stop)
    : notation_(files->config), device_(device), num_threads_(num_threads) {
  require_at_least("num_threads", num_threads, 0);
  if (num_threads_ == 0) {
    num_threads_ = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    if (device.kind == Device::Kind::cuda) num_threads_ = std::min(num_threads_, kThreadsOnGpu);
  }
  pool_ = std::make_shared<GeneratorPool>(std::move(runtime), std::move(files), device);
  const Work work(stop);
  pool_->give_back(pool_->acquire(1, stop));  // so that errors of the model show now
}

Engine::~Engine() = default;

const ModelConfig& Engine::config() const { return pool_->config(); }

int Engine::num_threads() const { return num_threads_; }

LoopTime Engine::time() const { return pool_->time(); }

std::uint64_t Engine::row_copies() const { return pool_->row_copies(); }

std::unique_ptr<Job> Engine::start(const std::vector<Task>& tasks, const Stop& stop) {
  pool_->require_usable();
  std::vector<Candidate> candidates;
  candidates.reserve(tasks.size());
  int rows_each = 1;
  for (const Task& task : tasks) {
    stop.check();
    candidates.push_back(make_candidate(notation_, config(), task, stop));
    candidates.back().validate(config());
    const Candidate& last = candidates.back();
    rows_each = std::max(rows_each, std::max(last.search, last.particles) * last.rows(config()));
  }
  const auto [threads, rows] = shards(device_, num_threads_, static_cast<int>(candidates.size()), rows_each);
  auto impl = std::make_unique<Job::Impl>(pool_, std::move(candidates));
  impl->run(threads, rows);
  return std::unique_ptr<Job>(new Job(std::move(impl)));
}

std::unique_ptr<Stream> Engine::stream(const Seed& seed, const Settings& settings, const Stop& stop) {
  return open_stream(prepare(notation_, seed, settings, stream_form(settings), stop));
}

std::unique_ptr<Stream> Engine::stream(const Snapshot& snapshot, const Settings& settings) {
  return open_stream(resume(notation_, config(), snapshot, settings, stream_form(settings)));
}

std::unique_ptr<Stream> Engine::open_stream(PreparedRequest prepared) {
  prepared.request.validate(config());
  auto impl = std::make_unique<Stream::Impl>(Continuation(pool_, std::move(prepared.request)),
                                             std::move(prepared.warnings), config().has_programs());
  for (const Note& note : prepared.before) impl->assembler.add(note);
  return std::make_unique<Stream>(std::move(impl));
}

std::unique_ptr<Session> Engine::session(const Seed& seed, const Settings& settings, const Stop& stop) {
  require_sessions();
  Settings without_key = settings;
  without_key.key = NoKey{};  // the player decides, as for the rules that session_form turns off
  return open_session(prepare(notation_, seed, without_key, session_form(), stop));
}

std::unique_ptr<Session> Engine::session(const Snapshot& snapshot, const Settings& settings) {
  require_sessions();
  if (!snapshot.notes.empty()) throw SnapshotError("the snapshot of a session must have no notes");
  return open_session(resume(notation_, config(), snapshot, settings, session_form()));
}

std::unique_ptr<Session> Engine::open_session(PreparedRequest prepared) {
  prepared.request.search = 1;  // a session draws a note, not a phrase
  prepared.request.validate(config());
  return std::make_unique<Session>(
      std::make_unique<Session::Impl>(Continuation(pool_, std::move(prepared.request)),
                                      *notation_.tokenizer(), std::move(prepared.warnings)));
}

void Engine::require_sessions() const {
  if (!notation_.tokenizer())
    refuse("the model must be one of notes for a session, because the tokens of a vocabulary are not notes");
}

Scored Engine::score(std::span<const std::uint8_t> midi,
                     const std::vector<std::vector<std::int32_t>>& controls, std::size_t most, Stop& stop) {
  Score score = read_seed(midi, stop);
  const std::size_t fields = config().fields.size();
  std::vector<std::int32_t> ids = encode_seed(notation_, score);
  ids.resize(std::min(ids.size() / fields, most) * fields);
  std::vector<Request> requests;
  for (const std::vector<std::int32_t>& values : controls) {
    requests.push_back({.prompt = ids,
                        .score_prompt = true,
                        .random_seed = 0,
                        .candidate = 0,
                        .params = std::vector(fields, kSamplingOff),
                        .bias = std::vector<std::vector<float>>(fields),
                        .controls = values,
                        .guidance_scale = kGuidanceOff});
  }
  Scored scored{.log_probabilities = {}, .warnings = std::move(score.warnings)};
  for (GenerationResult& drawn : pool_->run(requests, stop))
    scored.log_probabilities.push_back(std::move(drawn.prompt_log_probabilities));
  return scored;
}

}  // namespace longplay
