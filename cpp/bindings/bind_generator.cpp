#include "generator/generator.hpp"
#include "generator/list_queue.hpp"
#include "interruptible.hpp"

namespace longplay {
namespace {

using Ids = py::array_t<std::int32_t, py::array::c_style>;

py::list generate_events(std::shared_ptr<Runtime> runtime, std::shared_ptr<ModelFiles> files,
                         const std::vector<Ids>& prompts, const std::vector<std::uint64_t>& max_events,
                         std::uint64_t random_seed, std::uint32_t first_candidate,
                         const std::vector<SamplingParams>& params,
                         const std::vector<std::vector<float>>& bias,
                         const std::vector<std::int32_t>& controls, double guidance_scale, bool score_prompt,
                         int rows, const py::object& cancel) {
  if (max_events.size() != prompts.size()) refuse("max_events must have one number per prompt");
  const auto fields = static_cast<py::ssize_t>(files->config.fields.size());
  std::vector<Request> requests;
  for (const Ids& prompt : prompts) {
    if (prompt.ndim() != 2 || prompt.shape(1) != fields) {
      refuse("a prompt must have shape (events, fields)");
    }
    requests.push_back({.prompt = {prompt.data(), prompt.data() + prompt.size()},
                        .score_prompt = score_prompt,
                        .random_seed = random_seed,
                        .candidate = first_candidate + static_cast<std::uint32_t>(requests.size()),
                        .params = params,
                        .bias = bias,
                        .controls = controls,
                        .guidance_scale = guidance_scale,
                        .max_events = max_events[requests.size()]});
  }
  ListQueue queue(requests);
  interruptible(cancel, [&](Stop& stop) {
    const Work work(stop);
    Generator generator(std::make_unique<Model>(runtime, files, Device{}, rows, stop), nullptr);
    generator.run(queue, rows, stop);
    stop.check();
  });
  const auto by_event = [fields](auto values) {
    const auto events = static_cast<py::ssize_t>(values.size()) / fields;
    return to_numpy(std::move(values), {events, fields});
  };
  py::list results;
  for (GenerationResult& drawn : queue.drawn) {
    results.append(py::make_tuple(by_event(std::move(drawn.events)),
                                  by_event(std::move(drawn.log_probabilities)),
                                  by_event(std::move(drawn.prompt_log_probabilities))));
  }
  return results;
}

}  // namespace

void bind_generator(py::module_& m) {
  m.attr("GUIDANCE_OFF") = kGuidanceOff;
  m.attr("MOST_BRANCHES") = kMostBranches;
  m.def("generate_events", &generate_events, "runtime"_a, "files"_a, "prompts"_a, "max_events"_a,
        py::kw_only(), "random_seed"_a, "first_candidate"_a, "params"_a, "bias"_a, "controls"_a,
        "guidance_scale"_a, "score_prompt"_a, "rows"_a, "cancel"_a = py::none());
}

}  // namespace longplay
