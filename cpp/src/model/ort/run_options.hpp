// Options of the calls of one model's sessions.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <vector>

#include "model/ort/library.hpp"

namespace longplay::ort {

// They say which captured CUDA graph a call is to record or replay, and whether it must end at once. A graph
// holds addresses, so there is one for each side that a step may read its states from.
class RunOptions {
 public:
  RunOptions(const Library& library, bool captures) : library_(&library), captures_(captures) {
    const std::array<const char*, 3> graphs{"-1", "1", "2"};
    for (std::size_t i = 0; i < (captures ? graphs.size() : 1); ++i) {
      OrtRunOptions* raw = nullptr;
      library.expect(library.api().CreateRunOptions(&raw));
      all_.emplace_back(raw, library.api().ReleaseRunOptions);
      if (captures) library.expect(library.api().AddRunConfigEntry(raw, "gpu_graph_id", graphs[i]));
    }
  }

  bool captures() const { return captures_; }
  // Returns the options of a call with capture, if the model captures; `side` is 0 or 1.
  const OrtRunOptions* captured(std::size_t side) const { return captures_ ? all_[1 + side].get() : plain(); }
  // Returns the options of a call without capture.
  const OrtRunOptions* plain() const { return all_[0].get(); }

  // Ends all calls, those under way too: they fail. Any thread may call this.
  void end_calls() {
    ended_ = true;
    for (const auto& one : all_) library_->expect(library_->api().RunOptionsSetTerminate(one.get()));
  }
  bool ended() const { return ended_; }
  // Takes that back. No call may be under way.
  void allow_calls() {
    ended_ = false;
    for (const auto& one : all_) library_->expect(library_->api().RunOptionsUnsetTerminate(one.get()));
  }

 private:
  const Library* library_;
  bool captures_;
  std::vector<Handle<OrtRunOptions>> all_;
  std::atomic<bool> ended_ = false;
};

}  // namespace longplay::ort
