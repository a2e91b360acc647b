// The state of the form between two events.
#pragma once

#include "form/loop_guard.hpp"
#include "form/quote_guard.hpp"
#include "form/steering.hpp"
#include "form/timeline.hpp"

namespace longplay {

struct FormState {
  TimelineState timeline;
  LoopGuard loop_guard;
  Steering steering;
  QuoteGuard quote_guard;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    timeline.archive(archive);
    loop_guard.archive(archive);
    steering.archive(archive);
    quote_guard.archive(archive);
  }
};

}  // namespace longplay
