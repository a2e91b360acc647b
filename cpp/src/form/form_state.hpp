// The state of the form between two events.
#pragma once

#include <cstdint>
#include <optional>

#include "events/vocabulary.hpp"
#include "form/past.hpp"
#include "form/timeline.hpp"
#include "form/waiting.hpp"

namespace longplay {

// What a composer of tokens remembers of them.
struct TokenState {
  Registers now;
  Registers prompt;            // after the prompt: every piece begins with them
  std::int64_t origin_ms = 0;  // time of tick 0
  std::uint32_t idle = 0;      // tokens since the last one that moved the time or struck a note

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    now.archive(archive);
    prompt.archive(archive);
    archive(origin_ms, idle);
  }
};

struct FormState {
  TimelineState timeline;
  Past past;
  std::optional<TokenState> tokens = {};  // of a vocabulary
  Waiting waiting = {};                   // of a sketch, which has no snapshots

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    timeline.archive(archive);
    past.archive(archive);
    if (tokens) tokens->archive(archive);
  }
};

}  // namespace longplay
