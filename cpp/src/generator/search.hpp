// Search: the music continues with the branch of each phrase that the critic prefers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

// Stands between a queue and a generator. A request with several branches becomes requests of one branch and
// one phrase; their results become one. All others pass.
//
// Phrases end at multiples of their length, and where the ending of the music begins. The model's
// likelihood does not measure how real the music sounds, so a critic chooses the branch. Source: Deng et al.,
// "Residual Energy-Based Models for Text Generation", arXiv:2004.11714, 2020.
class Search final : public Queue {
 public:
  // All outlive the search. The critic may be nullptr if no request has branches. After a request to stop,
  // `done` throws Cancelled.
  Search(Queue& queue, Critic* critic, const ModelConfig& config, const Stop& stop);
  ~Search() override;

  const Request* next() override;
  void done(const Request& request, GenerationResult result) override;
  void progress(std::int64_t made) override { queue_->progress(made); }

 private:
  struct Branch;
  struct Searched;

  void begin(const Request& request);
  void fork(Searched& searched);
  void keep(Searched& searched);
  std::size_t best(const Searched& searched);
  void deliver(Searched& searched);

  Queue* queue_;
  Critic* critic_;
  const ModelConfig* config_;
  const Stop* stop_;
  std::vector<std::unique_ptr<Searched>> active_;
  std::deque<const Request*> ready_;  // branches that have not started
};

}  // namespace longplay
