#include <cstdint>
#include <span>
#include <string_view>

#include "bindings.hpp"
#include "longplay/score.hpp"

namespace longplay {
namespace {

using Notes = py::array_t<Note, py::array::c_style>;

Notes to_numpy(std::vector<Note> notes) {
  const auto count = static_cast<py::ssize_t>(notes.size());
  return to_numpy(std::move(notes), {count});
}

py::tuple read(const py::bytes& data, bool sustain, bool keep_drums) {
  const std::string_view view = data;
  Score score;
  {
    const py::gil_scoped_release nogil;
    score = read_score({reinterpret_cast<const std::uint8_t*>(view.data()), view.size()},
                       {.sustain = sustain, .keep_drums = keep_drums});
  }
  return py::make_tuple(to_numpy(std::move(score.notes)), std::move(score.warnings));
}

}  // namespace

void bind_score(py::module_& m) {
  m.def("read_score", &read, "data"_a, "sustain"_a = true, "keep_drums"_a = false);
}

}  // namespace longplay
