#include <span>
#include <stdexcept>
#include <string>

#include "interruptible.hpp"
#include "notes.hpp"
#include "originality/quotes.hpp"
#include "originality/windows.hpp"

namespace longplay {
namespace {

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

template <typename T>
std::span<const T> flat(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

template <typename T>
Array<T> to_flat(std::vector<T> values) {
  const auto count = static_cast<py::ssize_t>(values.size());
  return to_numpy(std::move(values), {count});
}

// Runs without the GIL; nothing in `work` may touch a Python object.
template <typename Work>
auto without_gil(const Work& work) {
  const ReleasedGil nogil;
  return work();
}

Array<std::uint8_t> series_of(const py::array& array, const std::string& kind, std::int64_t step_ms) {
  const Notes notes = as_notes(array);
  if (kind != "sounding" && kind != "struck")
    refuse("series must be 'sounding' or 'struck', not '" + kind + "'");
  const auto which = kind == "sounding" ? PitchSeries::sounding : PitchSeries::struck;
  const std::span<const Note> span = as_span(notes);
  return to_flat(without_gil([&] { return pitch_series(span, which, step_ms); }));
}

py::tuple nearest(const WindowSearch& search, const Array<std::uint8_t>& queries,
                  const Array<std::uint32_t>& excluded, int num_threads, const py::object& cancel) {
  if (excluded.ndim() != 2 || excluded.shape(1) != 2)
    refuse("excluded must have shape (queries, 2), or (0, 2) for none");
  static_assert(sizeof(WindowSearch::Excluded) == 2 * sizeof(std::uint32_t));
  const std::span ranges(reinterpret_cast<const WindowSearch::Excluded*>(excluded.data()),
                         static_cast<std::size_t>(excluded.shape(0)));
  std::vector<std::uint32_t> starts, distances;
  interruptible(cancel, [&](Stop& stop) {
    for (const auto& found : search.nearest(flat(queries), ranges, num_threads, stop)) {
      starts.push_back(found.start);
      distances.push_back(found.distance);
    }
  });
  return py::make_tuple(to_flat(std::move(starts)), to_flat(std::move(distances)));
}

py::tuple runs(const PhraseIndex& index, const Array<Symbol>& work, const py::object& cancel) {
  std::vector<std::uint32_t> notes, positions;
  interruptible(cancel, [&](Stop& stop) {
    for (const Run& run : longest_runs(index, flat(work), stop)) {
      notes.push_back(run.notes);
      positions.push_back(run.position);
    }
  });
  return py::make_tuple(to_flat(std::move(notes)), to_flat(std::move(positions)));
}

py::list quotes(const PhraseIndex& index, const Array<Symbol>& work, double least_bits,
                std::pair<std::uint32_t, std::uint32_t> excluded, const py::object& cancel) {
  const QuoteOptions options{
      .least_bits = least_bits, .excluded_begin = excluded.first, .excluded_end = excluded.second};
  py::list list;
  const auto found =
      interruptible(cancel, [&](Stop& stop) { return find_quotes(index, flat(work), options, stop); });
  for (const Quote& quote : found)
    list.append(py::make_tuple(quote.begin, quote.end, quote.position, quote.same, quote.bits));
  return list;
}

}  // namespace

void bind_originality(py::module_& m) {
  m.def("pitch_series", &series_of, py::arg("notes").noconvert(), "series"_a, "step_ms"_a);
  m.def(
      "dtw_distance",
      [](const Array<std::uint8_t>& x, const Array<std::uint8_t>& y, int band) {
        return dtw_distance(flat(x), flat(y), band);
      },
      py::arg("x").noconvert(), py::arg("y").noconvert(), "band"_a);
  m.def(
      "order_windows",
      [](const Array<std::uint8_t>& series, const Array<std::uint32_t>& starts, int steps,
         const py::object& cancel) {
        return to_flat(interruptible(
            cancel, [&](Stop& stop) { return order_windows(flat(series), flat(starts), steps, stop); }));
      },
      py::arg("series").noconvert(), py::arg("starts").noconvert(), "steps"_a, "cancel"_a = py::none());

  py::class_<WindowSearch>(m, "WindowSearch")
      .def(py::init([](const Array<std::uint8_t>& series, const Array<std::uint32_t>& starts, int steps,
                       int band) {
             return without_gil([&] {
               return std::make_unique<WindowSearch>(flat(series), flat(starts),
                                                     WindowShape{.steps = steps, .band = band});
             });
           }),
           py::arg("series").noconvert(), py::arg("starts").noconvert(), "steps"_a, "band"_a)
      .def("nearest", &nearest, py::arg("queries").noconvert(), py::arg("excluded").noconvert(),
           "num_threads"_a, "cancel"_a = py::none());

  m.def(
      "interval_symbols",
      [](const Array<std::uint8_t>& pitches, const Array<std::uint32_t>& first_notes) {
        return to_flat(without_gil([&] { return interval_symbols(flat(pitches), flat(first_notes)); }));
      },
      py::arg("pitches").noconvert(), py::arg("first_notes").noconvert());
  m.def(
      "sort_phrases",
      [](const Array<Symbol>& symbols, const py::object& cancel) {
        return to_flat(interruptible(cancel, [&](Stop& stop) { return sort_phrases(flat(symbols), stop); }));
      },
      py::arg("symbols").noconvert(), "cancel"_a = py::none());

  m.attr("QUOTED_NOTES") = PhraseIndex::kQuotedNotes;
  py::class_<PhraseIndex>(m, "PhraseIndex")
      .def(py::init([](const Array<Symbol>& symbols, const Array<std::uint32_t>& sorted) {
             return without_gil([&] { return std::make_unique<PhraseIndex>(flat(symbols), flat(sorted)); });
           }),
           py::arg("symbols").noconvert(), py::arg("sorted").noconvert(), py::keep_alive<1, 2>(),
           py::keep_alive<1, 3>())
      .def("longest_runs", &runs, py::arg("work").noconvert(), "cancel"_a = py::none())
      .def("find_quotes", &quotes, py::arg("work").noconvert(), "least_bits"_a, "excluded"_a,
           "cancel"_a = py::none());
}

}  // namespace longplay
