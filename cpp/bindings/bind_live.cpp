#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "engine/engine.hpp"
#include "events/random.hpp"
#include "interruptible.hpp"
#include "notes.hpp"

namespace longplay {
namespace {

using Events = py::array_t<std::int32_t, py::array::c_style>;
using LogProbabilities = py::array_t<float, py::array::c_style>;

template <typename Live>
bool prefill(Live& live, const py::object& cancel) {
  return interruptible(cancel, [&](Stop& stop) { return live.prefill(stop); });
}

template <typename Live>
Snapshot save(Live& live) {
  return interruptible(py::none(), [&](Stop& stop) { return live.save(stop); });
}

Notes draw(Stream& stream, std::uint64_t events, const py::object& cancel) {
  return to_numpy(interruptible(cancel, [&](Stop& stop) { return stream.draw(events, stop); }),
                  stream.has_programs());
}

void feed(Session& session, const py::array& array, const py::object& cancel) {
  const Notes notes = as_notes(array);
  const std::span<const Note> span = as_span(notes);
  interruptible(cancel, [&](Stop& stop) {
    for (const Note& note : span) session.feed(note, stop);
  });
}

Notes next(Session& session, std::optional<std::int64_t> onset_ms, std::optional<std::int64_t> duration_ms,
           std::optional<int> pitch, std::optional<int> velocity, const py::object& cancel) {
  const ForcedFields forced{onset_ms, duration_ms, pitch, velocity};
  return to_numpy(std::vector{interruptible(cancel, [&](Stop& stop) { return session.next(forced, stop); })},
                  false);
}

void bind_snapshot(py::module_& m) {
  py::class_<Snapshot>(m, "Snapshot")
      .def(py::init([](const py::bytes& state, std::uint64_t events, const py::array& array) {
             const auto bytes = std::as_bytes(std::span(std::string_view(state)));
             const Notes notes = as_notes(array);
             const std::span<const Note> span = as_span(notes);
             return Snapshot{{bytes.begin(), bytes.end()}, events, {span.begin(), span.end()}};
           }),
           "state"_a, "events"_a, "notes"_a)
      .def_property_readonly("state",
                             [](const Snapshot& snapshot) {
                               const auto* bytes = reinterpret_cast<const char*>(snapshot.state.data());
                               return py::bytes(bytes, snapshot.state.size());
                             })
      .def_readonly("events", &Snapshot::events)
      .def_property_readonly("notes",
                             [](const Snapshot& snapshot) { return to_numpy(snapshot.notes, true); });

  py::class_<Extension>(m, "Extension")
      .def(py::init([](const Snapshot& snapshot, std::int64_t length_ms, const Events& events,
                       const LogProbabilities& log_probabilities, const Settings& settings) {
             return Extension{snapshot,
                              length_ms,
                              {events.data(), events.data() + events.size()},
                              {log_probabilities.data(), log_probabilities.data() + log_probabilities.size()},
                              settings};
           }),
           "snapshot"_a, "snapshot_length_ms"_a, "events"_a, "log_probabilities"_a, "settings"_a,
           py::keep_alive<1, 6>());  // with the index that they avoid
}

}  // namespace

void bind_live(py::module_& m) {
  bind_snapshot(m);
  py::class_<Stream>(m, "Stream")
      .def("prefill", &prefill<Stream>, "cancel"_a = py::none())
      .def("draw", &draw, "events"_a, "cancel"_a = py::none())
      .def("save", &save<Stream>)
      .def_property_readonly("warnings", &Stream::warnings);
  py::class_<Session>(m, "Session")
      .def("prefill", &prefill<Session>, "cancel"_a = py::none())
      .def("feed", &feed, py::arg("notes").noconvert(), "cancel"_a = py::none())
      .def("next", &next, py::kw_only(), "onset_ms"_a, "duration_ms"_a, "pitch"_a, "velocity"_a,
           "cancel"_a = py::none())
      .def("save", &save<Session>)
      .def_property_readonly("warnings", &Session::warnings);
  m.def("branch_seed", &branch_seed, py::kw_only(), "random_seed"_a, "candidate"_a, "event"_a, "branch"_a);
}

}  // namespace longplay
