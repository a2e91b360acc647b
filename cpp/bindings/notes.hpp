// Notes between C++ and NumPy: structured arrays of the dtypes NOTE and PROGRAM_NOTE.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "score/score.hpp"

namespace longplay {

// NumPy's array of the dtype NOTE or PROGRAM_NOTE.
using Notes = py::array;

// The dtype of notes with their programs: the same bytes as NOTE, but for one more field.
inline py::dtype program_note() {
  const py::dtype note = py::dtype::of<Note>();
  py::list names, formats, offsets;
  for (const py::handle name : note.attr("names")) {
    const auto field = note.attr("fields")[name].cast<py::tuple>();
    names.append(name);
    formats.append(field[0]);
    offsets.append(field[1]);
  }
  names.append("program");
  formats.append(py::dtype::of<std::uint8_t>());
  offsets.append(offsetof(Note, program));
  return {names, formats, offsets, note.itemsize()};
}

// Sets the bytes of each note that have no meaning to zeros, because Python sees every byte of an array.
inline Notes to_numpy(std::vector<Note> notes, bool with_programs) {
  constexpr std::size_t kEnd = offsetof(Note, program) + sizeof(Note::program);
  for (Note& note : notes) {
    if (!with_programs) note.program = 0;
    std::memset(reinterpret_cast<std::byte*>(&note) + kEnd, 0, sizeof(Note) - kEnd);
  }
  const auto count = static_cast<py::ssize_t>(notes.size());
  const Notes array = to_numpy(std::move(notes), std::vector{count});
  return with_programs ? array.attr("view")(program_note()).cast<Notes>() : array;
}

// Whether a dtype has the fields of another, at any offsets, because NumPy packs the arrays that it
// concatenates.
inline bool has_fields_of(const py::dtype& dtype, const py::dtype& expected) {
  const py::object names = expected.attr("names");
  if (!names.equal(dtype.attr("names"))) return false;
  for (const py::handle name : names) {
    if (!py::object(expected[name]).equal(dtype[name])) return false;
  }
  return true;
}

inline std::span<const Note> as_span(const Notes& notes) {
  return {static_cast<const Note*>(notes.data()), static_cast<std::size_t>(notes.size())};
}

// The notes in one piece. NumPy would match other fields by position.
inline Notes as_notes(const py::array& notes) {
  const py::dtype note = py::dtype::of<Note>();
  const bool is_plain = has_fields_of(notes.dtype(), note);
  if (!is_plain && !has_fields_of(notes.dtype(), program_note())) {
    throw py::type_error("notes must have dtype " + py::str(note).cast<std::string>() + ", not " +
                         py::str(notes.dtype()).cast<std::string>());
  }
  if (notes.ndim() != 1) refuse("notes must have shape (notes,)");
  if (!is_plain) return py::module_::import("numpy").attr("ascontiguousarray")(notes, program_note());
  Notes in_one_piece = py::array_t<Note, py::array::c_style>(notes);
  const std::span<const Note> span = as_span(in_one_piece);
  const auto is_piano = [](const Note& one) { return one.program == 0; };  // a byte that NOTE leaves out
  if (std::ranges::all_of(span, is_piano)) return in_one_piece;
  return to_numpy(std::vector(span.begin(), span.end()), false);
}

}  // namespace longplay
