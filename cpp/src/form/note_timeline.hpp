// The timeline of a note model: which time shifts the form allows.
#pragma once

#include <cstdint>
#include <span>

#include "events/tokenizer.hpp"
#include "form/timeline.hpp"

namespace longplay {

class NoteTimeline : public Timeline {
 public:
  // The tokenizer must outlive the timeline.
  NoteTimeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed,
               std::uint32_t candidate)
      : Timeline(form, random_seed, candidate), tokenizer_(&tokenizer) {}
  NoteTimeline(const Tokenizer& tokenizer, const Form& form, std::uint64_t random_seed,
               std::uint32_t candidate, const TimelineState& state)
      : Timeline(form, random_seed, candidate, state), tokenizer_(&tokenizer) {}

  // Forbids each time shift that is not allowed next. At least one remains allowed.
  void constrain(std::span<float> time_shift_bias) const;

  // Takes the next event, which `constrain` must allow. After a note, `onset_ms()` is its onset; after the
  // end of a piece, `onset_ms()` is where the next piece starts.
  Advance advance(const NoteEvent& event);

  // Whether the note after this time shift starts later than the last one.
  bool moves_on(std::int32_t time_shift) const;

  // Onset of a note after this time shift.
  std::int64_t onset_after(std::int32_t time_shift) const {
    return onset_ms() + (state().at_once ? 0 : tokenizer_->time_shift_ms(time_shift));
  }

 private:
  const Tokenizer* tokenizer_;
};

}  // namespace longplay
