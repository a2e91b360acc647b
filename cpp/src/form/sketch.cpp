#include "form/sketch.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "form/form_rules.hpp"

namespace longplay {
namespace {

void validate_open(const std::vector<OpenStretch>& open, std::int64_t length_ms) {
  std::int64_t earliest = 0;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const std::string name = "open[" + std::to_string(i) + "]";
    require_range(name + ".begin_ms", open[i].begin_ms, earliest, length_ms);
    require_range(name + ".end_ms", open[i].end_ms, open[i].begin_ms + 1, length_ms);
    earliest = open[i].end_ms;
  }
}

}  // namespace

Note SketchNote::with(Note drawn) const {
  if (slack_ms == 0) drawn.onset_ms = onset_ms;
  return {.onset_ms = drawn.onset_ms,
          .duration_ms = duration_ms.value_or(drawn.duration_ms),
          .pitch = pitch.value_or(drawn.pitch),
          .velocity = velocity.value_or(drawn.velocity)};
}

void Sketch::validate(const Tokenizer& tokenizer) const {
  require_range("length_ms", length_ms, 1, ScoreLimits::kMaxMilliseconds);
  require_range("added_per_second", added_per_second, 0, 1000);
  validate_open(open, length_ms);
  const std::int64_t latest = length_ms - FormRules::kSilentEndMs;
  std::array<std::int64_t, 128> until{};  // end of the last note of each pitch
  std::int64_t earliest = 0;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const SketchNote& note = notes[i];
    const std::string name = "notes[" + std::to_string(i) + "]";
    require_range(name + ".onset_ms", note.onset_ms, earliest, latest - 1);
    require_range(name + ".slack_ms", note.slack_ms, 0, latest - 1 - note.onset_ms);
    require_range(name + ".duration_ms", note.duration_ms.value_or(1), 1, latest - note.onset_ms);
    require_range(name + ".velocity", int{note.velocity.value_or(1)}, 1, 127);
    earliest = note.onset_ms;
    if (!note.pitch) continue;
    if (!std::ranges::binary_search(tokenizer.pitches(), int{*note.pitch}))
      refuse(name + ".pitch must be one that the model plays", *note.pitch);
    if (note.onset_ms < until[*note.pitch])
      refuse(name + " must start after the end of the note before it on its pitch, " +
                 std::to_string(until[*note.pitch]) + " ms",
             note.onset_ms);
    until[*note.pitch] = note.onset_ms + note.duration_ms.value_or(1);
  }
}

bool Sketch::is_open(std::int64_t at_ms) const { return next_open(at_ms, at_ms + 1).has_value(); }

std::optional<std::int64_t> Sketch::next_open(std::int64_t from_ms, std::int64_t before_ms) const {
  const auto stretch = std::ranges::upper_bound(open, from_ms, {}, &OpenStretch::end_ms);
  if (stretch == open.end()) return {};
  const std::int64_t first = std::max(from_ms, stretch->begin_ms);
  return first < before_ms ? std::optional(first) : std::nullopt;
}

std::size_t Sketch::fixed_head() const {
  const std::int64_t opens = open.empty() ? length_ms : open.front().begin_ms;
  const auto first_free = std::ranges::find_if(
      notes, [&](const SketchNote& note) { return !note.is_fixed() || note.onset_ms > opens; });
  return static_cast<std::size_t>(first_free - notes.begin());
}

std::size_t Sketch::fixed_tail() const {
  std::size_t first = notes.size();
  while (first > 0 && notes[first - 1].is_fixed() && notes[first - 1].onset_ms >= open_until_ms()) --first;
  return first;
}

}  // namespace longplay
