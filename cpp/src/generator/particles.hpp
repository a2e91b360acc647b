// Particles: the music between given notes is drawn many times, and what leads to the given notes survives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

// Stands between a queue and a generator. A request with a sketch becomes requests of one particle and one
// span of the sketch; their results become one. All others pass.
//
// A span ends with a given note. The weight of a particle is the probability that it gave to the given
// fields. If the weights leave fewer than half of the particles effective, they are resampled. After the open
// stretches, a few more given notes weigh the particles, and the heaviest is the result. Source: Gordon,
// Salmond and Smith, "Novel approach to nonlinear/non-Gaussian Bayesian state estimation", IEE Proceedings F,
// 1993; for music, Hadjeres and Nielsen, "Interactive Music Generation with Positional Constraints using
// Anticipation-RNNs", arXiv:1709.06404, 2017.
class Particles final : public Queue {
 public:
  // All outlive the particles. After a request to stop, `done` throws Cancelled.
  Particles(Queue& queue, const ModelConfig& config, const Stop& stop);
  ~Particles() override;

  const Request* next() override;
  void done(const Request& request, GenerationResult result) override;
  void progress(std::int64_t made) override { queue_->progress(made); }

 private:
  struct Particle;
  struct Completed;

  void begin(const Request& request);
  void continue_with(Completed& completed, const SketchSpan& span);
  void keep(Completed& completed);
  void choose_parents(Completed& completed, const SketchSpan& span);
  void deliver(Completed& completed);

  Queue* queue_;
  const ModelConfig* config_;
  const Stop* stop_;
  std::vector<std::unique_ptr<Completed>> active_;
  std::deque<const Request*> ready_;  // particles that have not started
};

}  // namespace longplay
