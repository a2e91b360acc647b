// Notes between C++ and NumPy: structured arrays of the dtype NOTE.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "score/score.hpp"

namespace longplay {

using Notes = py::array_t<Note, py::array::c_style>;

// Sets the padding of each note to zeros, because Python sees every byte of an array.
inline Notes to_numpy(std::vector<Note> notes) {
  constexpr std::size_t kEnd = offsetof(Note, velocity) + sizeof(Note::velocity);
  for (Note& note : notes) std::memset(reinterpret_cast<std::byte*>(&note) + kEnd, 0, sizeof(Note) - kEnd);
  const auto count = static_cast<py::ssize_t>(notes.size());
  return to_numpy(std::move(notes), {count});
}

// Whether a dtype has the fields of NOTE, at any offsets, because NumPy packs the arrays that it
// concatenates.
inline bool is_note(const py::dtype& dtype) {
  const py::dtype note = py::dtype::of<Note>();
  const py::object names = note.attr("names");
  if (!names.equal(dtype.attr("names"))) return false;
  for (const py::handle name : names) {
    if (!py::object(note[name]).equal(dtype[name])) return false;
  }
  return true;
}

// The notes in one piece. NumPy would match other fields by position.
inline Notes as_notes(const py::array& notes) {
  const py::dtype note = py::dtype::of<Note>();
  if (!is_note(notes.dtype())) {
    throw py::type_error("notes must have dtype " + py::str(note).cast<std::string>() + ", not " +
                         py::str(notes.dtype()).cast<std::string>());
  }
  if (notes.ndim() != 1) refuse("notes must have shape (notes,)");
  return Notes(notes);
}

inline std::span<const Note> as_span(const Notes& notes) {
  return {notes.data(), static_cast<std::size_t>(notes.size())};
}

}  // namespace longplay
