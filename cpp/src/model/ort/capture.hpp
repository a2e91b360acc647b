// Which of its captured CUDA graphs a session is to record or replay in a call.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "model/ort/library.hpp"

namespace longplay::ort {

// A graph holds addresses, so there is one for each side that a step may read its states from.
class CaptureOptions {
 public:
  explicit CaptureOptions(const Library& library)
      : sides_{make(library, "1"), make(library, "2")}, none_(make(library, "-1")) {}

  const OrtRunOptions* side(std::size_t side) const { return sides_[side].get(); }
  // Options for a run without capture.
  const OrtRunOptions* none() const { return none_.get(); }

 private:
  static Handle<OrtRunOptions> make(const Library& library, const char* graph) {
    OrtRunOptions* raw = nullptr;
    library.expect(library.api().CreateRunOptions(&raw));
    Handle<OrtRunOptions> options(raw, library.api().ReleaseRunOptions);
    library.expect(library.api().AddRunConfigEntry(raw, "gpu_graph_id", graph));
    return options;
  }

  std::array<Handle<OrtRunOptions>, 2> sides_;
  Handle<OrtRunOptions> none_;
};

}  // namespace longplay::ort
