#include <optional>
#include <string>

#include "events/notation.hpp"
#include "notes.hpp"

namespace longplay {
namespace {

using Events = py::array_t<std::int32_t, py::array::c_style>;

// A notation with the number of its fields.
struct Tokens {
  Notation notation;
  py::ssize_t fields;
  bool has_programs;
};

py::array_t<std::int32_t> encode(const Tokens& tokens, const py::array& array) {
  const Notes notes = as_notes(array);
  const std::span<const Note> span = as_span(notes);
  std::vector<std::int32_t> ids;
  {
    const ReleasedGil nogil;
    ids = tokens.notation.encode(span);
  }
  const auto count = static_cast<py::ssize_t>(ids.size()) / tokens.fields;
  return to_numpy(std::move(ids), {count, tokens.fields});
}

Notes decode(const Tokens& tokens, const Events& events) {
  if (events.ndim() != 2 || events.shape(1) != tokens.fields)
    refuse("events must have shape (events, " + std::to_string(tokens.fields) + ")");
  std::vector<Note> notes;
  {
    const ReleasedGil nogil;
    notes = tokens.notation.decode({events.data(), static_cast<std::size_t>(events.size())});
  }
  return to_numpy(std::move(notes), tokens.has_programs);
}

}  // namespace

void bind_tokenizer(py::module_& m) {
  py::class_<Tokens>(m, "Tokenizer")
      .def(py::init([](const ModelConfig& config) {
             config.validate();
             return Tokens{Notation(config), static_cast<py::ssize_t>(config.fields.size()),
                           config.has_programs()};
           }),
           "config"_a)
      .def("encode", &encode, py::arg("notes").noconvert())
      .def("decode", &decode, py::arg("events").noconvert())
      .def_property_readonly("end_id", [](const Tokens& tokens) -> std::optional<std::int32_t> {
        const Tokenizer* tokenizer = tokens.notation.tokenizer();
        return tokenizer ? std::optional(tokenizer->end_id()) : std::nullopt;
      });
}

}  // namespace longplay
