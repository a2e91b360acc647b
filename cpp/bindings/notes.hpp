// Notes between C++ and NumPy: structured arrays of the dtype NOTE.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "longplay/score.hpp"

namespace longplay {

using Notes = py::array_t<Note, py::array::c_style>;

inline Notes to_numpy(std::vector<Note> notes) {
  const auto count = static_cast<py::ssize_t>(notes.size());
  return to_numpy(std::move(notes), {count});
}

// The notes in one piece. Only the very fields of NOTE are taken: NumPy would match others by position.
inline Notes as_notes(const py::array& notes) {
  const py::dtype note = py::dtype::of<Note>();
  if (!notes.dtype().equal(note)) {
    throw py::type_error("notes must have dtype " + py::str(note).cast<std::string>() + ", not " +
                         py::str(notes.dtype()).cast<std::string>());
  }
  if (notes.ndim() != 1) throw py::value_error("notes must have shape (notes,)");
  return Notes(notes);
}

inline std::span<const Note> as_span(const Notes& notes) {
  return {notes.data(), static_cast<std::size_t>(notes.size())};
}

}  // namespace longplay
