#include <cstring>

#include "events/tokenizer.hpp"
#include "notes.hpp"

namespace longplay {
namespace {

using Events = py::array_t<std::int32_t, py::array::c_style>;

py::array_t<std::int32_t> encode(const Tokenizer& tokenizer, const py::array& array) {
  const Notes notes = as_notes(array);
  const std::span<const Note> span = as_span(notes);
  std::vector<std::int32_t> ids;
  {
    const ReleasedGil nogil;
    for (const NoteEvent& event : tokenizer.encode(span)) ids.insert(ids.end(), event.begin(), event.end());
  }
  const auto count = static_cast<py::ssize_t>(ids.size() / kNoteFields);
  return to_numpy(std::move(ids), {count, py::ssize_t{kNoteFields}});
}

Notes decode(const Tokenizer& tokenizer, const Events& events) {
  if (events.ndim() != 2 || events.shape(1) != py::ssize_t{kNoteFields})
    refuse("events must have shape (events, 4)");
  std::vector<Note> notes;
  {
    const ReleasedGil nogil;
    std::vector<NoteEvent> rows(static_cast<std::size_t>(events.shape(0)));
    if (!rows.empty()) std::memcpy(rows.data(), events.data(), rows.size() * sizeof(NoteEvent));
    notes = tokenizer.decode(rows);
  }
  return to_numpy(std::move(notes));
}

}  // namespace

void bind_tokenizer(py::module_& m) {
  py::class_<Tokenizer>(m, "Tokenizer")
      .def(py::init([](const ModelConfig& config) {
             config.validate();
             return Tokenizer(config.fields);
           }),
           "config"_a)
      .def("encode", &encode, py::arg("notes").noconvert())
      .def("decode", &decode, py::arg("events").noconvert())
      .def_property_readonly("end_id", &Tokenizer::end_id);
}

}  // namespace longplay
