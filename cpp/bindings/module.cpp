#include <exception>
#include <iterator>
#include <string_view>

#include "base/ending.hpp"
#include "base/error.hpp"
#include "base/stop.hpp"
#include "bindings.hpp"
#include "score/score.hpp"

namespace longplay {
namespace {

// A message may quote a name in an ONNX file, whose bytes need not be UTF-8.
void raise_error(py::handle type, std::string_view message) {
  const auto text = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(message.data(), std::ssize(message), "backslashreplace"));
  PyErr_SetObject(type.ptr(), text.ptr());
}

// MidiError carries its byte offset to Python as an attribute, so it needs a translator of its own.
void bind_errors(py::module_& m) {
  static py::handle error = py::register_exception<Error>(m, "Error", PyExc_Exception);
  static py::handle midi_error = py::exception<MidiError>(m, "MidiError", error).release();
  static py::handle model_error = py::exception<ModelError>(m, "ModelError", error).release();
  py::register_exception<DeviceError>(m, "DeviceError", error);
  py::register_exception<Cancelled>(m, "Cancelled", error);
  py::register_exception<SnapshotError>(m, "SnapshotError", error);
  py::register_exception_translator([](std::exception_ptr pending) {
    try {
      if (pending) std::rethrow_exception(pending);
    } catch (const MidiError& e) {
      py::object exception = midi_error(e.what());
      exception.attr("offset") = e.offset();
      PyErr_SetObject(midi_error.ptr(), exception.ptr());
    } catch (const ModelError& e) {
      raise_error(model_error, e.what());
    } catch (const Ending& e) {
      PyErr_SetString(PyExc_SystemExit, e.what());
    }
  });
}

// Python's own exit handlers run while its daemon threads still do.
void end_work_at_exit() {
  py::module_::import("atexit").attr("register")(py::cpp_function(&Work::end, py::call_guard<ReleasedGil>()));
}

}  // namespace

PYBIND11_MODULE(_core, m) {
  m.doc() = "The C++ core of longplay. Use the package's Python names instead.";
  bind_errors(m);
  PYBIND11_NUMPY_DTYPE(Note, onset_ms, duration_ms, pitch, velocity);
  bind_score(m);
  bind_tokenizer(m);
  bind_sampling(m);
  bind_model(m);
  bind_generator(m);
  bind_live(m);
  bind_engine(m);
  bind_sketch(m);
  bind_originality(m);
  end_work_at_exit();
}

}  // namespace longplay
