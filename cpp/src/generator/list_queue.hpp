// Requests that are known from the start.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

// Hands out requests in order, and keeps their results.
class ListQueue : public Queue {
 public:
  explicit ListQueue(std::span<const Request> requests) : drawn(requests.size()), requests_(requests) {}

  const Request* next() override { return begun_ < requests_.size() ? &requests_[begun_++] : nullptr; }
  void done(const Request& request, GenerationResult result) override {
    drawn[static_cast<std::size_t>(&request - requests_.data())] = std::move(result);
  }

  std::vector<GenerationResult> drawn;

 private:
  std::span<const Request> requests_;
  std::size_t begun_ = 0;
};

}  // namespace longplay
