#include "generator/particles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "events/random.hpp"
#include "events/random_addresses.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kSpanMs = 250;         // given notes closer than this are one span
constexpr std::size_t kNotesAfterwards = 32;  // that weigh the particles after the last open stretch

// The weights of particles, which sum to 1.
std::vector<double> normalised(const std::vector<double>& log_weights) {
  const double highest = std::ranges::max(log_weights);
  std::vector<double> weights;
  for (const double log_weight : log_weights) weights.push_back(std::exp(log_weight - highest));
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

double effective(const std::vector<double>& weights) {
  return 1 / std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0);
}

// Returns the particle that each particle continues: one with weight w is chosen about w * N times. Source:
// Kitagawa, "Monte Carlo Filter and Smoother for Non-Gaussian Nonlinear State Space Models", 1996.
std::vector<std::size_t> systematic(const std::vector<double>& weights, double u) {
  std::vector<std::size_t> chosen;
  const auto count = static_cast<double>(weights.size());
  double below = weights[0];
  for (std::size_t i = 0, from = 0; i < weights.size(); ++i) {
    const double at = (static_cast<double>(i) + u) / count;
    while (at >= below && from + 1 < weights.size()) below += weights[++from];
    chosen.push_back(from);
  }
  return chosen;
}

}  // namespace

struct Particles::Particle : Request {
  Completed* of = nullptr;
  std::optional<GenerationResult> result;
};

// A request with a sketch, under way.
struct Particles::Completed {
  // What the particles drew in a span, and which particle of the span before each one continues.
  struct Drawn {
    std::vector<GenerationResult> results;
    std::vector<std::size_t> parents;
  };

  const Sketch& sketch() const { return *request->sketch; }
  // The span after the given note `first` - 1, or nothing if the rest leaves nothing to decide.
  std::optional<SketchSpan> span_after(std::size_t first) const;

  const Request* request = nullptr;
  std::vector<Particle> particles;  // of the span under way; of the first, which reads the prompt, one
  std::size_t missing = 0;          // particles without a result
  std::vector<DecodeState> states;  // after the span before
  std::vector<std::size_t> parents;
  std::vector<double> log_weights;
  std::vector<Drawn> drawn;  // by span
};

std::optional<SketchSpan> Particles::Completed::span_after(std::size_t first) const {
  const auto& notes = sketch().notes;
  const std::size_t stop = std::min(notes.size(), sketch().fixed_tail() + kNotesAfterwards);
  if (first < stop) {
    std::size_t last = first + 1;
    while (last < stop && notes[last].onset_ms < notes[first].onset_ms + kSpanMs) ++last;
    return SketchSpan{&sketch(), first, last};
  }
  const std::int64_t last_onset = notes.empty() ? 0 : notes.back().onset_ms;
  if (first < notes.size() || sketch().open_until_ms() <= last_onset) return {};
  return SketchSpan{&sketch(), first, first};
}

Particles::Particles(Queue& queue, const ModelConfig& config, const Stop& stop)
    : queue_(&queue), config_(&config), stop_(&stop) {}

Particles::~Particles() = default;

const Request* Particles::next() {
  if (ready_.empty()) {
    const Request* request = queue_->next();
    if (!request || !request->sketch) return request;
    request->validate(*config_);
    begin(*request);
  }
  const Request* particle = ready_.front();
  ready_.pop_front();
  return particle;
}

// The state after the notes that leave nothing to decide is the same for all particles, so one reads them.
void Particles::begin(const Request& request) {
  Completed& completed = *active_.emplace_back(std::make_unique<Completed>());
  completed.request = &request;
  Particle& first = completed.particles.emplace_back(Particle{request, &completed, {}});
  const std::size_t head = request.sketch->fixed_head();
  first.span = SketchSpan{request.sketch.get(), head, head};
  first.max_events = 0;
  first.keep_state = true;
  completed.missing = 1;
  ready_.push_back(&first);
}

void Particles::continue_with(Completed& completed, const SketchSpan& span) {
  const Request& request = *completed.request;
  std::vector<Particle> particles;
  for (std::size_t number = 0; number < completed.states.size(); ++number) {
    stop_->check();
    Particle& particle = particles.emplace_back(Particle{request, &completed, {}});
    // The parents ascend. A state may have megabytes, so the last child of a parent takes it.
    const std::size_t parent = completed.parents[number];
    const bool is_last = number + 1 == completed.parents.size() || completed.parents[number + 1] > parent;
    particle.from = is_last ? std::move(completed.states[parent]) : completed.states[parent];
    particle.prompt.clear();
    particle.span = span;
    particle.random_seed = particle_seed(request.random_seed, request.candidate, completed.drawn.size(),
                                         static_cast<std::uint32_t>(number));
    particle.max_events = std::numeric_limits<std::uint64_t>::max();
    particle.keep_state = true;
  }
  completed.particles = std::move(particles);
  completed.missing = completed.particles.size();
  for (const Particle& particle : completed.particles) ready_.push_back(&particle);
}

void Particles::done(const Request& request, GenerationResult result) {
  if (!request.span) {
    queue_->done(request, std::move(result));
    return;
  }
  const auto* particle = static_cast<const Particle*>(&request);
  Completed& completed = *particle->of;
  completed.particles[static_cast<std::size_t>(particle - completed.particles.data())].result =
      std::move(result);
  if (--completed.missing > 0) return;
  const SketchSpan last = *request.span;
  keep(completed);
  // After the stretch that follows the last note, nothing is left.
  const bool was_rest = last.first == last.last && !completed.drawn.empty();
  const std::optional<SketchSpan> span = was_rest ? std::nullopt : completed.span_after(last.last);
  if (span) {
    choose_parents(completed, *span);
    continue_with(completed, *span);
  } else {
    deliver(completed);
  }
}

// Weighs the particles of a span. After the prompt, all particles continue the one that read it.
void Particles::keep(Completed& completed) {
  const auto count = static_cast<std::size_t>(completed.request->particles);
  if (completed.states.empty()) {
    completed.states.assign(count, *completed.particles[0].result->state);
    completed.log_weights.assign(count, 0.0);
    return;
  }
  const std::int64_t before = completed.particles[0].from->form.timeline.onset;
  Completed::Drawn drawn{{}, completed.parents};
  for (std::size_t i = 0; i < count; ++i) {
    GenerationResult& result = *completed.particles[i].result;
    completed.log_weights[i] += result.log_weight;
    completed.states[i] = std::move(*result.state);
    drawn.results.push_back(std::move(result));
  }
  completed.drawn.push_back(std::move(drawn));
  queue_->progress(completed.states[0].form.timeline.onset - before);
}

// Chooses the particles that the next span continues. Where nothing is left to decide, copies of a particle
// would stay the same, so all particles continue.
void Particles::choose_parents(Completed& completed, const SketchSpan& span) {
  completed.parents.resize(completed.states.size());
  std::iota(completed.parents.begin(), completed.parents.end(), std::size_t{0});
  if (span.first > completed.sketch().fixed_tail() && span.first < span.last) return;
  const std::vector<double> weights = normalised(completed.log_weights);
  if (effective(weights) >= static_cast<double>(weights.size()) / 2) return;
  const Request& request = *completed.request;
  const double u =
      uniform(request.random_seed, request.candidate, completed.drawn.size(), random_address::kResampling);
  completed.parents = systematic(weights, u);
  std::ranges::fill(completed.log_weights, 0.0);
}

// Follows the heaviest particle back to the beginning. The notes that it did not draw are given.
void Particles::deliver(Completed& completed) {
  const auto heaviest = std::ranges::max_element(completed.log_weights) - completed.log_weights.begin();
  auto at = static_cast<std::size_t>(heaviest);
  std::vector<std::size_t> path;
  for (auto drawn = completed.drawn.rbegin(); drawn != completed.drawn.rend(); ++drawn) {
    path.push_back(at);
    at = drawn->parents[at];
  }
  GenerationResult result;
  for (const Completed::Drawn& drawn : completed.drawn) {
    result.append(drawn.results[path.back()]);
    path.pop_back();
  }
  const auto& notes = completed.sketch().notes;
  const std::size_t reached =
      std::max(completed.sketch().fixed_head(),
               std::min(notes.size(), completed.sketch().fixed_tail() + kNotesAfterwards));
  for (std::size_t i = reached; i < notes.size(); ++i)
    result.sounds.push_back({Sound::Kind::note, notes[i].with({})});
  result.finished = true;
  queue_->done(*completed.request, std::move(result));
  std::erase_if(active_, [&](const auto& one) { return one.get() == &completed; });
}

}  // namespace longplay
