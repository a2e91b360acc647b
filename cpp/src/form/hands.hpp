// Keeps chords, the notes that start together, within the reach of two hands.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "events/tokenizer.hpp"
#include "form/form_rules.hpp"

namespace longplay {

// Two hands strike the notes of any kTogetherMs. Each hand has five fingers and reaches an octave. The hands
// do not cross, and no key is struck twice. Among the intervals struck together, semitones are as rare as in
// real music. Notes held from before need no finger, because a pedal can hold them.
class Hands {
 public:
  // Takes a note, which must not start earlier than the note before it.
  void push(std::uint8_t pitch, std::int64_t onset_ms);

  // Forbids each time shift to an onset at which the hands reach none of the pitches, unless no time shift
  // would be left. `last_ms` is the onset from which shifts count.
  void forbid_onsets(const Tokenizer& tokenizer, std::span<const std::int32_t> pitches, std::int64_t last_ms,
                     std::span<float> bias) const;

  // Whether the hands reach one of the pitches at this onset.
  bool reaches_any(std::span<const std::int32_t> pitches, std::int64_t onset_ms) const;

  // Forbids each pitch that is out of reach at this onset or would make semitones too frequent, unless no
  // pitch would be left.
  void forbid_pitches(std::span<const std::int32_t> pitches, std::int64_t onset_ms,
                      std::span<float> bias) const;

  // Whether the notes are possible in music that has reached `onset_ms`.
  bool is_valid(std::int64_t onset_ms) const;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(pitch_, onset_ms_, count_, intervals_, semitones_);
  }

 private:
  static constexpr std::uint32_t kMost = 2 * FormRules::kFingers;

  // The notes that are still struck at an onset, ascending.
  struct Struck {
    std::array<int, kMost> pitch{};
    std::size_t size = 0;

    bool admits(int pitch) const;
    bool makes_semitone(int pitch) const;
  };

  Struck struck_at(std::int64_t onset_ms) const;

  std::array<std::uint8_t, kMost> pitch_{};  // the last notes, in order of time
  std::array<std::int64_t, kMost> onset_ms_{};
  std::uint32_t count_ = 0;
  std::uint32_t intervals_ = 0;  // between notes struck together, lately
  std::uint32_t semitones_ = 0;  // of these, with inversions and compounds
};

}  // namespace longplay
