// A candidate that is drawn a few events at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/generator_pool.hpp"

namespace longplay {

// Between two calls it holds a decode state and no generator, so there may be any number of continuations.
// A call that throws changes nothing; all calls throw Cancelled if a stop is requested.
class Continuation {
 public:
  using Biases = std::vector<std::vector<float>>;  // by field

  Continuation(std::shared_ptr<GeneratorPool> pool, Request request)
      : pool_(std::move(pool)), request_(std::move(request)), prompt_(std::exchange(request_.prompt, {})) {
    request_.keep_state = true;
  }

  const Request& request() const { return request_; }
  std::size_t field_size(std::size_t field) const {
    return static_cast<std::size_t>(pool_->config().fields[field].size);
  }

  // Feeds some more of the prompt to the model. False when there is no more.
  bool prefill(Stop& stop) {
    if (prefilled_ == prompt_.size()) return false;
    const auto rest = std::span(prompt_).subspan(prefilled_);
    const auto next = rest.first(std::min(rest.size(), kEventsAtATime * pool_->config().fields.size()));
    run(next, 0, stop);
    prefilled_ += next.size();
    return true;
  }

  // Feeds the rest of the prompt, then these events, then draws.
  GenerationResult resume(std::span<const std::int32_t> events, std::uint64_t draw, Stop& stop) {
    while (prefill(stop)) {
    }
    return run(events, draw, stop);
  }

  // Draws with other biases than the request has.
  GenerationResult resume(std::uint64_t draw, Biases biases, Stop& stop) {
    while (prefill(stop)) {
    }
    struct Exchange {
      Exchange(Biases& one, Biases& other) : one_(one), other_(other) { one_.swap(other_); }
      ~Exchange() { one_.swap(other_); }
      Biases &one_, &other_;
    };
    const Exchange for_now(request_.bias, biases);
    return run({}, draw, stop);
  }

  // The decode state after all of the prompt.
  DecodeState& state(Stop& stop) {
    while (prefill(stop)) {
    }
    if (!request_.from) run({}, 0, stop);
    return *request_.from;
  }

 private:
  static constexpr std::size_t kEventsAtATime = 64;

  GenerationResult run(std::span<const std::int32_t> events, std::uint64_t draw, Stop& stop) {
    request_.prompt.assign(events.begin(), events.end());
    request_.max_events = draw;
    GenerationResult drawn = std::move(pool_->run(std::span(&request_, 1), stop).front());
    if (drawn.finished) throw Error("the music has reached its greatest length, 2**60 ms");
    request_.from = std::move(drawn.state);
    return drawn;
  }

  std::shared_ptr<GeneratorPool> pool_;
  Request request_;
  std::vector<std::int32_t> prompt_;
  std::size_t prefilled_ = 0;
};

}  // namespace longplay
