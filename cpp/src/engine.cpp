#include "longplay/engine.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <thread>
#include <utility>

#include "generator_pool.hpp"
#include "job.hpp"

namespace longplay {
namespace {

constexpr int kMaxRowsPerThread = 64;  // throughput on a CPU grows no more beyond it

std::vector<std::int32_t> flat(const std::vector<NoteEvent>& events) {
  std::vector<std::int32_t> ids;
  ids.reserve(4 * events.size());
  for (const NoteEvent& event : events) ids.insert(ids.end(), event.begin(), event.end());
  return ids;
}

// The notes of a file, the first at time zero.
Score read_seed(std::span<const std::uint8_t> bytes) {
  Score score = read_score(bytes);
  const std::int64_t first = score.notes.empty() ? 0 : score.notes.front().onset_ms;
  for (Note& note : score.notes) note.onset_ms -= first;
  return score;
}

Candidate make_candidate(const Tokenizer& tokenizer, const Seed& seed, const Settings& settings,
                         std::uint32_t index) {
  Candidate candidate;
  Score score = seed ? read_seed(*seed) : Score{};
  candidate.warnings = std::move(score.warnings);
  if (seed && score.notes.empty()) {
    candidate.warnings.emplace_back("The seed has no notes a piano plays: the piece answers nothing.");
  }
  Form form{.length_ms = settings.length_ms, .recital = settings.recital};
  if (settings.include_seed && !score.notes.empty()) {
    form.starts_at_once = false;
    form.start_ms = score.notes.back().onset_ms;
    for (const Note& note : score.notes) {
      form.sounding_until_ms = std::max(form.sounding_until_ms, note.onset_ms + note.duration_ms);
    }
    if (form.start_ms >= settings.length_ms) {
      throw std::invalid_argument("the length must be more than the seed's own " +
                                  std::to_string(form.start_ms) + " ms, not " +
                                  std::to_string(settings.length_ms) + " ms");
    }
  }
  candidate.request = {.prompt = flat(tokenizer.encode(score.notes)),
                       .random_seed = settings.random_seed,
                       .candidate = index,
                       .params = settings.params,
                       .bias = settings.bias,
                       .controls = settings.controls,
                       .form = form,
                       .max_events = std::numeric_limits<std::uint64_t>::max()};
  if (settings.include_seed) candidate.before = std::move(score.notes);
  return candidate;
}

// Scores one request, in the caller's thread.
class ScoreQueue : public Queue {
 public:
  explicit ScoreQueue(const Request& request) : pending_(&request) {}
  const Request* next() override { return std::exchange(pending_, nullptr); }
  void done(const Request&, Drawn drawn) override { drawn_ = std::move(drawn); }
  bool progress(std::int64_t) override { return true; }
  Drawn drawn_;

 private:
  const Request* pending_;
};

}  // namespace

Engine::Engine(std::shared_ptr<const Runtime> runtime, std::shared_ptr<const ModelFiles> files, Device device,
               int num_threads)
    : tokenizer_(files->config.fields), num_threads_(num_threads) {
  if (num_threads < 0) {
    throw std::invalid_argument("num_threads must be at least 0, not " + std::to_string(num_threads));
  }
  if (num_threads_ == 0) num_threads_ = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (device == Device::cuda) num_threads_ = 1;  // one thread feeds the GPU
  pool_ = std::make_shared<GeneratorPool>(std::move(runtime), std::move(files), device);
  pool_->give_back(pool_->acquire(1));  // whatever is wrong with the model shows now
}

Engine::~Engine() = default;

const ModelConfig& Engine::config() const { return pool_->config(); }

int Engine::num_threads() const { return num_threads_; }

LoopTime Engine::time() const { return pool_->time(); }

std::unique_ptr<Job> Engine::start(const std::vector<Seed>& seeds, const Settings& settings) {
  std::vector<Candidate> candidates;
  candidates.reserve(seeds.size());
  for (const Seed& seed : seeds) {
    candidates.push_back(
        make_candidate(tokenizer_, seed, settings, static_cast<std::uint32_t>(candidates.size())));
    candidates.back().request.validate(config());
  }
  const int count = static_cast<int>(candidates.size());
  const int threads = std::min(num_threads_, count);
  const int rows = threads == 0 ? 0 : std::min(kMaxRowsPerThread, (count + threads - 1) / threads);
  auto impl = std::make_unique<Job::Impl>(pool_, tokenizer_, std::move(candidates), settings.length_ms);
  impl->run(threads, rows);
  return std::unique_ptr<Job>(new Job(std::move(impl)));
}

Scored Engine::score(std::span<const std::uint8_t> midi) {
  Score score = read_seed(midi);
  Request request;
  request.prompt = flat(tokenizer_.encode(score.notes));
  request.score_prompt = true;
  request.params.resize(config().fields.size());
  request.bias.resize(config().fields.size());
  for (const ControlConfig& control : config().controls) request.controls.push_back(control.unknown);
  ScoreQueue queue(request);
  auto generator = pool_->acquire(1);
  const LoopTime worked = generator->run(queue, 1);
  pool_->give_back(std::move(generator), worked);
  return {std::move(request.prompt), std::move(queue.drawn_.prompt_log_probabilities),
          std::move(score.warnings)};
}

}  // namespace longplay
