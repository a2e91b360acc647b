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

Seed seed_of(const std::optional<py::bytes>& bytes) { return bytes ? Seed(copy_of(*bytes)) : Seed(); }

std::unique_ptr<Job> start(Engine& engine, const std::vector<std::optional<py::bytes>>& seeds,
                           const Settings& settings) {
  std::vector<Seed> copies;
  copies.reserve(seeds.size());
  for (const auto& seed : seeds) copies.push_back(seed_of(seed));
  const py::gil_scoped_release nogil;
  return engine.start(copies, settings);
}

bool wait(Job& job, std::size_t index, double seconds) {
  const py::gil_scoped_release nogil;
  return job.wait(index, std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
}

py::tuple parts(Music music) {
  return py::make_tuple(to_numpy(std::move(music.notes)), by_event(std::move(music.events)),
                        by_event(std::move(music.log_probabilities)), music.warnings, music.kept);
}

py::tuple take(Job& job, std::size_t index) { return parts(job.take(index)); }

std::optional<py::tuple> snapshot(Job& job, std::size_t index) {
  std::optional<Music> music = job.snapshot(index);
  if (!music) return {};
  return parts(std::move(*music));
}

std::unique_ptr<Stream> stream(Engine& engine, const std::optional<py::bytes>& seed,
                               const Settings& settings) {
  const Seed copy = seed_of(seed);
  const py::gil_scoped_release nogil;
  return engine.stream(copy, settings);
}

std::unique_ptr<Session> session(Engine& engine, const std::optional<py::bytes>& seed,
                                 const Settings& settings) {
  const Seed copy = seed_of(seed);
  const py::gil_scoped_release nogil;
  return engine.session(copy, settings);
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
                       bool include_seed, bool recital, bool steady, std::uint32_t candidate,
                       std::optional<std::int64_t> keep_ms) {
             return Settings{.length_ms = length_ms,
                             .random_seed = random_seed,
                             .candidate = candidate,
                             .params = std::move(params),
                             .bias = std::move(bias),
                             .controls = std::move(controls),
                             .include_seed = include_seed,
                             .recital = recital,
                             .steady = steady,
                             .keep_ms = keep_ms};
           }),
           py::kw_only(), "length_ms"_a, "random_seed"_a, "params"_a, "bias"_a, "controls"_a,
           "include_seed"_a, "recital"_a, "steady"_a, "candidate"_a = 0, "keep_ms"_a = py::none());

  py::class_<LoopTime>(m, "LoopTime")
      .def_readonly("total_seconds", &LoopTime::total_seconds)
      .def_readonly("run_seconds", &LoopTime::run_seconds)
      .def_readonly("step_seconds", &LoopTime::step_seconds)
      .def_readonly("sampling_seconds", &LoopTime::sampling_seconds)
      .def_readonly("steps", &LoopTime::steps);

  py::class_<Job>(m, "Job")
      .def("__len__", &Job::size)
      .def("wait", &wait, "index"_a, "seconds"_a)
      .def("take", &take, "index"_a)
      .def("snapshot", &snapshot, "index"_a)
      .def_property_readonly("made_ms", &Job::made_ms)
      .def("stop", &Job::stop, py::call_guard<py::gil_scoped_release>());

  py::class_<Engine>(m, "Engine")
      .def(py::init<std::shared_ptr<Runtime>, std::shared_ptr<ModelFiles>, Device, int>(), "runtime"_a,
           "files"_a, "device"_a, "num_threads"_a, py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("num_threads", &Engine::num_threads)
      .def_property_readonly("time", &Engine::time)
      .def("start", &start, "seeds"_a, "settings"_a)
      .def("extend", &Engine::extend, "extensions"_a, py::call_guard<py::gil_scoped_release>())
      .def("stream", &stream, "seed"_a, "settings"_a)
      .def("session", &session, "seed"_a, "settings"_a)
      .def("resume_stream", py::overload_cast<const Snapshot&, const Settings&>(&Engine::stream),
           "snapshot"_a, "settings"_a)
      .def("resume_session", py::overload_cast<const Snapshot&, const Settings&>(&Engine::session),
           "snapshot"_a, "settings"_a)
      .def("score", &score, "midi"_a);
}

}  // namespace longplay
