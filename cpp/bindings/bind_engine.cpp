#include <string_view>

#include "longplay/engine.hpp"
#include "notes.hpp"

namespace longplay {
namespace {

template <typename T>
py::array_t<T> by_event(std::vector<T> values) {
  const auto events = static_cast<py::ssize_t>(values.size() / 4);
  return to_numpy(std::move(values), {events, 4});
}

std::vector<std::uint8_t> copy_of(const py::bytes& data) {
  const std::string_view view = data;
  return {view.begin(), view.end()};
}

std::unique_ptr<Job> start(Engine& engine, const std::vector<std::optional<py::bytes>>& seeds,
                           const Settings& settings) {
  std::vector<Seed> copies;
  copies.reserve(seeds.size());
  for (const auto& seed : seeds) copies.push_back(seed ? Seed(copy_of(*seed)) : Seed());
  const py::gil_scoped_release nogil;
  return engine.start(copies, settings);
}

bool wait(Job& job, std::size_t index, double seconds) {
  const py::gil_scoped_release nogil;
  return job.wait(index, std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
}

py::tuple take(Job& job, std::size_t index) {
  Music music = job.take(index);
  return py::make_tuple(to_numpy(std::move(music.notes)), by_event(std::move(music.events)),
                        by_event(std::move(music.log_probabilities)), music.warnings);
}

py::tuple score(Engine& engine, const py::bytes& midi) {
  const auto bytes = copy_of(midi);
  Scored scored;
  {
    const py::gil_scoped_release nogil;
    scored = engine.score(bytes);
  }
  return py::make_tuple(by_event(std::move(scored.events)), by_event(std::move(scored.log_probabilities)),
                        scored.warnings);
}

}  // namespace

void bind_engine(py::module_& m) {
  py::class_<Settings>(m, "Settings")
      .def(py::init([](std::int64_t length_ms, std::uint64_t random_seed, std::vector<SamplingParams> params,
                       std::vector<std::vector<float>> bias, std::vector<std::int32_t> controls,
                       bool include_seed, bool recital) {
             return Settings{length_ms,       random_seed,         std::move(params),
                             std::move(bias), std::move(controls), include_seed,
                             recital};
           }),
           py::kw_only(), "length_ms"_a, "random_seed"_a, "params"_a, "bias"_a, "controls"_a,
           "include_seed"_a, "recital"_a);

  py::class_<LoopTime>(m, "LoopTime")
      .def_readonly("total_seconds", &LoopTime::total_seconds)
      .def_readonly("run_seconds", &LoopTime::run_seconds)
      .def_readonly("steps", &LoopTime::steps);

  py::class_<Job>(m, "Job")
      .def("__len__", &Job::size)
      .def("wait", &wait, "index"_a, "seconds"_a)
      .def("take", &take, "index"_a)
      .def_property_readonly("made_ms", &Job::made_ms)
      .def("stop", &Job::stop, py::call_guard<py::gil_scoped_release>());

  py::class_<Engine>(m, "Engine")
      .def(py::init<std::shared_ptr<Runtime>, std::shared_ptr<ModelFiles>, Device, int>(), "runtime"_a,
           "files"_a, "device"_a, "num_threads"_a, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("num_threads", &Engine::num_threads)
      .def_property_readonly("time", &Engine::time)
      .def("start", &start, "seeds"_a, "settings"_a)
      .def("score", &score, "midi"_a);
}

}  // namespace longplay
