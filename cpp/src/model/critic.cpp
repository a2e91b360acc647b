#include "model/critic.hpp"

#include <algorithm>
#include <array>
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
               {files.config.critic->events, static_cast<std::int64_t>(start.size())}, 1),
        logit(ort::Memory(library), ElementType::float32, {1}, 1),
        values{events.value(0, 1), logit.value(0, 1)},
        call{.inputs = {values[0].get()}, .outputs = {values[1].get()}} {}

  std::shared_ptr<const Runtime> runtime;
  ort::Session session;
  std::vector<std::int32_t> start;
  ort::BatchTensor events, logit;
  std::array<ort::Handle<OrtValue>, 2> values;
  ort::Call call;
};

Critic::Critic(std::shared_ptr<const Runtime> runtime, const ModelFiles& files) {
  const ort::Library& library = runtime->impl_->library;
  impl_ = std::make_unique<Impl>(std::move(runtime), library, files);
  judge({});  // so that errors in what the graph does not declare show at load
}

// As for Model, a forked child frees nothing.
Critic::~Critic() {
  if (!process_.is_current()) static_cast<void>(impl_.release());
}

float Critic::judge(std::span<const std::int32_t> events) {
  const auto ids = impl_->events.row_as<std::int64_t>(0);
  const auto known = events.last(std::min(events.size(), ids.size()));
  const auto first = ids.end() - std::ssize(known);
  for (auto event = ids.begin(); event < first; event += std::ssize(impl_->start))
    std::ranges::copy(impl_->start, event);
  std::ranges::copy(known, first);
  impl_->session.run(impl_->call);
  return impl_->logit.row_as<float>(0)[0];
}

}  // namespace longplay
