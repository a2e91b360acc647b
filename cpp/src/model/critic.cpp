#include "model/critic.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "model/batch_tensor.hpp"
#include "model/ort/session.hpp"
#include "model/runtime.hpp"

namespace longplay {
namespace {

ort::GraphSpec critic_spec(const ModelConfig& config) {
  const auto fields = static_cast<std::int64_t>(config.fields.size());
  return {.file = "critic.onnx",
          .inputs = {{"events", ElementType::int64, {config.critic->events, fields}}},
          .outputs = {{"logit", ElementType::float32, {1}}}};
}

}  // namespace

struct Critic::Impl {
  Impl(std::shared_ptr<const Runtime> owned, const ort::Library& library, const ModelFiles& files)
      : runtime(std::move(owned)),
        session(library, Device::cpu(), files.critic, critic_spec(files.config)),
        start(files.config.start_event),
        events(ort::Memory(library), ElementType::int64,
               {files.config.critic->events, static_cast<std::int64_t>(start.size())}, kMostPhrases),
        logits(ort::Memory(library), ElementType::float32, {1}, kMostPhrases) {}

  // Writes a phrase to a row of `events`.
  void write(std::span<const std::int32_t> phrase, int row) {
    const auto ids = events.row_as<std::int64_t>(row);
    const auto known = phrase.last(std::min(phrase.size(), ids.size()));
    const auto first = ids.end() - std::ssize(known);
    for (auto event = ids.begin(); event < first; event += std::ssize(start)) std::ranges::copy(start, event);
    std::ranges::copy(known, first);
  }

  std::shared_ptr<const Runtime> runtime;
  ort::Session session;
  std::vector<std::int32_t> start;
  ort::BatchTensor events, logits;
};

Critic::Critic(std::shared_ptr<const Runtime> runtime, const ModelFiles& files) {
  const ort::Library& library = runtime->impl_->library;
  impl_ = std::make_unique<Impl>(std::move(runtime), library, files);
  const std::span<const std::int32_t> nothing;
  judge({&nothing, 1});  // so that errors in what the graph does not declare show at load
}

// As for Model, a forked child frees nothing.
Critic::~Critic() {
  if (!process_.is_current()) static_cast<void>(impl_.release());
}

std::vector<float> Critic::judge(std::span<const std::span<const std::int32_t>> phrases) {
  const auto count = static_cast<int>(phrases.size());
  for (int row = 0; row < count; ++row) impl_->write(phrases[static_cast<std::size_t>(row)], row);
  const auto events = impl_->events.value(0, count), logits = impl_->logits.value(0, count);
  ort::Call call{.inputs = {events.get()}, .outputs = {logits.get()}};
  impl_->session.run(call);
  std::vector<float> judged;
  for (int row = 0; row < count; ++row) judged.push_back(impl_->logits.row_as<float>(row)[0]);
  return judged;
}

}  // namespace longplay
