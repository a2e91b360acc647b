// The state of the form between two events.
#pragma once

#include "form/past.hpp"
#include "form/timeline.hpp"

namespace longplay {

struct FormState {
  TimelineState timeline;
  Past past;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    timeline.archive(archive);
    past.archive(archive);
  }
};

}  // namespace longplay
