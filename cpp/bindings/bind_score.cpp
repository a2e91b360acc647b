#include <cstdint>
#include <span>
#include <string_view>

#include "events/note_event.hpp"
#include "interruptible.hpp"
#include "midi/midi_file.hpp"
#include "notes.hpp"
#include "score/score.hpp"

namespace longplay {
namespace {

py::tuple read(const py::bytes& data, bool sustain, bool keep_drums, bool piano_only,
               const py::object& cancel) {
  const std::string_view view = data;
  Score score = interruptible(cancel, [&](Stop& stop) {
    return read_score({reinterpret_cast<const std::uint8_t*>(view.data()), view.size()},
                      {.sustain = sustain, .keep_drums = keep_drums, .piano_only = piano_only}, stop);
  });
  return py::make_tuple(to_numpy(std::move(score.notes), false), std::move(score.warnings));
}

py::bytes write(const py::array& array, std::int64_t length_ms, bool running_status, std::int64_t clip_ms) {
  const Notes notes = as_notes(array);
  const std::span<const Note> span = as_span(notes);
  std::vector<std::uint8_t> file;
  {
    const ReleasedGil nogil;
    file = write_score(span, length_ms, {.running_status = running_status, .clip_ms = clip_ms});
  }
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

Notes resolve(const py::array& array) {
  const Notes notes = as_notes(array);
  const std::span<const Note> span = as_span(notes);
  std::vector<Note> resolved;
  {
    const ReleasedGil nogil;
    resolved.assign(span.begin(), span.end());
    resolve_overlaps(resolved);
  }
  return to_numpy(std::move(resolved), py::len(notes.dtype().attr("names")) > kNoteFields);
}

}  // namespace

void bind_score(py::module_& m) {
  m.attr("NOTE") = py::dtype::of<Note>();
  m.attr("PROGRAM_NOTE") = program_note();
  m.attr("DRUMS") = int{Note::kDrums};
  m.attr("MAX_MIDI_BYTES") = MidiLimits::kMaxBytes;
  m.attr("MAX_MILLISECONDS") = ScoreLimits::kMaxMilliseconds;
  m.def("read_score", &read, "data"_a, py::kw_only(), "sustain"_a, "keep_drums"_a, "piano_only"_a,
        "cancel"_a = py::none());
  m.def("write_score", &write, py::arg("notes").noconvert(), "length_ms"_a, py::kw_only(), "running_status"_a,
        "clip_ms"_a);
  m.def("resolve_overlaps", &resolve, py::arg("notes").noconvert());
}

}  // namespace longplay
