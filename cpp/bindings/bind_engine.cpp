#include <string_view>

#include "engine/engine.hpp"
#include "events/logarithm.hpp"
#include "form/steering.hpp"
#include "interruptible.hpp"
#include "notes.hpp"

namespace longplay {
namespace {

// Values of shape (events, fields).
template <typename T>
py::array_t<T> by_event(std::vector<T> values, std::size_t fields) {
  const auto events = static_cast<py::ssize_t>(values.size() / fields);
  return to_numpy(std::move(values), {events, static_cast<py::ssize_t>(fields)});
}

std::vector<std::uint8_t> copy_of(const py::bytes& data) {
  const std::string_view view = data;
  return {view.begin(), view.end()};
}

Seed seed_of(const std::optional<py::bytes>& bytes) { return bytes ? Seed(copy_of(*bytes)) : Seed(); }

bool wait(Job& job, std::size_t index, double seconds) {
  const ReleasedGil nogil;
  return job.wait(index, std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
}

py::tuple take(Job& job, std::size_t index) {
  Music music = job.take(index);
  const std::size_t fields = job.fields();
  return py::make_tuple(
      to_numpy(std::move(music.notes), job.has_programs()), by_event(std::move(music.events), fields),
      by_event(std::move(music.log_probabilities), fields), music.warnings, music.refusals, music.kept);
}

std::optional<py::tuple> snapshot(Job& job, std::size_t index, std::size_t first_event) {
  std::optional<Checkpoint> checkpoint;
  {
    const ReleasedGil nogil;
    checkpoint = job.snapshot(index, first_event);
  }
  if (!checkpoint) return {};
  return py::make_tuple(std::move(checkpoint->snapshot), checkpoint->onset_ms,
                        by_event(std::move(checkpoint->events), job.fields()),
                        by_event(std::move(checkpoint->log_probabilities), job.fields()));
}

std::unique_ptr<Stream> stream(Engine& engine, const std::optional<py::bytes>& seed, const Settings& settings,
                               const py::object& cancel) {
  const Seed copy = seed_of(seed);
  return interruptible(cancel, [&](Stop& stop) { return engine.stream(copy, settings, stop); });
}

std::unique_ptr<Session> session(Engine& engine, const std::optional<py::bytes>& seed,
                                 const Settings& settings, const py::object& cancel) {
  const Seed copy = seed_of(seed);
  return interruptible(cancel, [&](Stop& stop) { return engine.session(copy, settings, stop); });
}

std::unique_ptr<Job> start(Engine& engine, const std::vector<Task>& tasks, const py::object& cancel) {
  return interruptible(cancel, [&](Stop& stop) { return engine.start(tasks, stop); });
}

py::tuple score(Engine& engine, const py::bytes& midi, const std::vector<std::vector<std::int32_t>>& controls,
                std::size_t most, const py::object& cancel) {
  const auto bytes = copy_of(midi);
  Scored scored =
      interruptible(cancel, [&](Stop& stop) { return engine.score(bytes, controls, most, stop); });
  py::list log_probabilities;
  for (std::vector<float>& each : scored.log_probabilities)
    log_probabilities.append(by_event(std::move(each), engine.config().fields.size()));
  return py::make_tuple(log_probabilities, scored.warnings);
}

// The rules of the form that Python needs, too.
void bind_form_rules(py::module_& m) {
  m.attr("CLIPS") = FormRules::kClips;
  m.attr("CLIP_MS") = FormRules::kClipMs;
  m.attr("CLIP_GRACE_MS") = FormRules::kClipGraceMs;
  m.attr("SILENT_END_MS") = FormRules::kSilentEndMs;
  m.attr("MAX_GAP_MS") = FormRules::kMaxGapMs;
  m.attr("CLOSE_GAP_MS") = FormRules::kCloseGapMs;
  m.attr("KEY_MS") = FormRules::kKeyMs;
  m.attr("SHORTEST_LOOP") = FormRules::kShortestLoop;
  m.attr("LONGEST_LOOP") = FormRules::kLongestLoop;
  m.def("time_rank", &Steering::rank, "ms"_a, "The rank of a time between short (-0.5) and long (0.5) ones.");
  m.def("binary_logarithm", &binary_logarithm, "x"_a,
        "A logarithm that is the same to the bit on every system.");
}

void bind_tasks(py::module_& m) {
  py::class_<NamedKey>(m, "NamedKey")
      .def(py::init([](int tonic, bool minor) { return NamedKey{tonic, minor}; }), "tonic"_a, "minor"_a);
  py::class_<KeyOfSeed>(m, "KeyOfSeed").def(py::init());
  py::class_<NoKey>(m, "NoKey").def(py::init());

  py::class_<Settings>(m, "Settings")
      .def(py::init([](std::int64_t length_ms, std::uint64_t random_seed, std::vector<SamplingParams> params,
                       std::vector<std::vector<float>> bias, std::vector<std::int32_t> controls,
                       double guidance_scale, bool include_seed, bool recital, bool steady, bool two_hands,
                       bool playable, int search, Key key, std::uint32_t candidate,
                       std::optional<std::int64_t> keep_ms, const PhraseIndex* avoid) {
             return Settings{.length_ms = length_ms,
                             .random_seed = random_seed,
                             .candidate = candidate,
                             .params = std::move(params),
                             .bias = std::move(bias),
                             .controls = std::move(controls),
                             .guidance_scale = guidance_scale,
                             .include_seed = include_seed,
                             .recital = recital,
                             .steady = steady,
                             .two_hands = two_hands,
                             .playable = playable,
                             .search = search,
                             .key = key,
                             .keep_ms = keep_ms,
                             .avoid = avoid};
           }),
           py::kw_only(), "length_ms"_a, "random_seed"_a, "params"_a, "bias"_a, "controls"_a,
           "guidance_scale"_a, "include_seed"_a, "recital"_a, "steady"_a, "two_hands"_a, "playable"_a,
           "search"_a, "key"_a, "candidate"_a, "keep_ms"_a, "avoid"_a, py::keep_alive<1, 17>());

  py::class_<GenerateTask>(m, "GenerateTask")
      .def(py::init([](const std::optional<py::bytes>& seed, const Settings& settings) {
             return GenerateTask{seed_of(seed), settings};
           }),
           "seed"_a, "settings"_a, py::keep_alive<1, 3>());
}

}  // namespace

void bind_engine(py::module_& m) {
  bind_form_rules(m);
  bind_tasks(m);

  py::class_<LoopTime>(m, "LoopTime")
      .def_readonly("total_seconds", &LoopTime::total_seconds)
      .def_readonly("run_seconds", &LoopTime::run_seconds)
      .def_readonly("step_seconds", &LoopTime::step_seconds)
      .def_readonly("sampling_seconds", &LoopTime::sampling_seconds)
      .def_readonly("steps", &LoopTime::steps)
      .def_readonly("row_steps", &LoopTime::row_steps)
      .def("__add__", [](LoopTime sum, const LoopTime& other) { return sum += other; });

  py::class_<Job>(m, "Job")
      .def("__len__", &Job::size)
      .def("wait", &wait, "index"_a, "seconds"_a)
      .def("take", &take, "index"_a)
      .def("snapshot", &snapshot, "index"_a, "first_event"_a)
      .def_property_readonly("made_ms", &Job::made_ms)
      .def("stop", &Job::stop, py::call_guard<ReleasedGil>());

  py::class_<Engine>(m, "Engine")
      .def(py::init([](const std::shared_ptr<Runtime>& runtime, const std::shared_ptr<ModelFiles>& files,
                       const Device& device, int num_threads) {
             return interruptible(py::none(), [&](Stop& stop) {
               return std::make_unique<Engine>(runtime, files, device, num_threads, stop);
             });
           }),
           "runtime"_a, "files"_a, "device"_a, "num_threads"_a)
      .def_property_readonly("num_threads", &Engine::num_threads)
      .def_property_readonly("time", &Engine::time)
      .def_property_readonly("row_copies", &Engine::row_copies)
      // A job reads the index that the settings of its tasks avoid.
      .def("start", &start, "tasks"_a, "cancel"_a = py::none(), py::keep_alive<0, 2>())
      .def("stream", &stream, "seed"_a, "settings"_a, "cancel"_a = py::none())
      .def("session", &session, "seed"_a, "settings"_a, "cancel"_a = py::none())
      .def("resume_stream", py::overload_cast<const Snapshot&, const Settings&>(&Engine::stream),
           "snapshot"_a, "settings"_a)
      .def("resume_session", py::overload_cast<const Snapshot&, const Settings&>(&Engine::session),
           "snapshot"_a, "settings"_a)
      .def("score", &score, "midi"_a, "controls"_a, "most"_a, "cancel"_a = py::none());
}

}  // namespace longplay
