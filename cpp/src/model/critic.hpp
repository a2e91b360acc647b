// The critic of a model: how real its music sounds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

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

  // Returns a logit: the higher, the more like real music. `events` holds the last events of a
  // phrase, one after the other. If the critic reads more, the event before the first note fills the rest.
  float judge(std::span<const std::int32_t> events);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  Process process_;
};

}  // namespace longplay
