#include <optional>
#include <utility>
#include <vector>

#include "engine/engine.hpp"
#include "notes.hpp"

namespace longplay {
namespace {

using Flags = py::array_t<bool, py::array::c_style>;
using Times = py::array_t<std::int64_t, py::array::c_style>;

template <typename T>
std::optional<T> unless(bool is_free, T value) {
  return is_free ? std::nullopt : std::optional(value);
}

// free: whether pitch, velocity and duration of each note are free, shape (notes, 3).
std::vector<SketchNote> sketch_notes(const py::array& array, const Flags& free, const Times& slack_ms) {
  const Notes notes = as_notes(array);
  if (free.ndim() != 2 || free.shape(0) != notes.size() || free.shape(1) != 3)
    refuse("free must have shape (notes, 3)");
  if (slack_ms.ndim() != 1 || slack_ms.size() != notes.size()) refuse("slack_ms must have shape (notes,)");
  std::vector<SketchNote> sketch;
  for (py::ssize_t i = 0; i < notes.size(); ++i) {
    const Note& note = as_span(notes)[static_cast<std::size_t>(i)];
    sketch.push_back({.onset_ms = note.onset_ms,
                      .slack_ms = slack_ms.at(i),
                      .duration_ms = unless(free.at(i, 2), note.duration_ms),
                      .pitch = unless(free.at(i, 0), note.pitch),
                      .velocity = unless(free.at(i, 1), note.velocity)});
  }
  return sketch;
}

}  // namespace

void bind_sketch(py::module_& m) {
  m.attr("MOST_PARTICLES") = kMostParticles;
  py::class_<SketchTask>(m, "SketchTask")
      .def(py::init([](const py::array& notes, const Flags& free, const Times& slack_ms,
                       const std::vector<std::pair<std::int64_t, std::int64_t>>& open,
                       double added_per_second, int particles, const Settings& settings) {
             Sketch sketch{.notes = sketch_notes(notes, free, slack_ms),
                           .open = {},
                           .length_ms = settings.length_ms,
                           .added_per_second = added_per_second};
             for (const auto& [begin_ms, end_ms] : open) sketch.open.push_back({begin_ms, end_ms});
             return SketchTask{std::move(sketch), particles, settings};
           }),
           py::kw_only(), "notes"_a, "free"_a, "slack_ms"_a, "open"_a, "added_per_second"_a, "particles"_a,
           "settings"_a, py::keep_alive<1, 8>());  // with the index that they avoid
}

}  // namespace longplay
