// The critic of a model: how real its music sounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/model.hpp"

namespace longplay {

// One thread at a time. Runs on the CPU.
class Critic {
 public:
  // Throws ModelError if critic.onnx breaks the contract. The config must declare a critic.
  Critic(std::shared_ptr<const Runtime> runtime, const ModelFiles& files);
  ~Critic();
  Critic(const Critic&) = delete;
  Critic& operator=(const Critic&) = delete;

  static constexpr std::size_t kMostPhrases = 8;

  // Returns a logit for each of at most kMostPhrases phrases: the higher, the more like real music. A phrase
  // holds its last events, one after the other. If the critic reads more, the event before the first note
  // fills the rest.
  std::vector<float> judge(std::span<const std::span<const std::int32_t>> phrases);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  Process process_;
};

}  // namespace longplay
