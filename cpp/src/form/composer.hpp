// Applies the form of the music to a candidate's events. The slot draws ids from logits; the composer decides
// which ids may be drawn, and updates the form with each event.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "events/notation.hpp"
#include "form/form_state.hpp"
#include "form/sketch.hpp"
#include "form/sound.hpp"

namespace longplay {

// The outcome of an event.
enum class Outcome {
  accepted,
  new_piece,  // the piece is over, and another one follows
  finished,   // the form is complete
  rejected,   // the close of the piece must be drawn again, from the last checkpoint
};

// An event is a row of ids. The calls for one event are: `constrain`, `accepts` and `settle` for each field
// in order, then `accept`.
class Composer {
 public:
  virtual ~Composer() = default;

  // Adds the form's biases of a field, conditional on the earlier fields of the event. Returns false and
  // leaves the biases unchanged if the form does not constrain this field.
  virtual bool constrain(std::size_t field, std::span<const std::int32_t> event, std::span<float> bias) = 0;
  // Returns the id that a field takes if `id` was drawn for it.
  virtual std::int32_t settle(std::size_t /*field*/, std::int32_t id) { return id; }
  // Whether the probability of the field, which is settled, weighs the candidate against others.
  virtual bool weighs(std::size_t /*field*/) const { return false; }
  // Whether the id drawn for a field is accepted. Counts refusals.
  virtual bool accepts(std::size_t field, std::span<const std::int32_t> event, std::int32_t id) = 0;
  // Whether the event has no field but its first.
  virtual bool is_end(std::span<const std::int32_t> event) const = 0;
  virtual Outcome accept(std::span<const std::int32_t> event) = 0;
  // What is heard of the last event, which was accepted.
  virtual std::span<const Sound> sounds() const = 0;
  // Takes an event of the prompt.
  virtual void read(std::span<const std::int32_t> event) = 0;

  // Whether the last event began the close of a piece: save the state now, for `Outcome::rejected`.
  virtual bool needs_checkpoint() const = 0;
  // Whether the events since the checkpoint may still be rejected.
  virtual bool is_provisional() const = 0;
  // How often the close was rejected. Each attempt has random numbers of its own.
  virtual std::uint32_t attempt() const = 0;
  virtual FormState state() const = 0;
  virtual void restore(const FormState& state) = 0;

  // Onset of the last event.
  virtual std::int64_t onset_ms() const = 0;
  // Time to the planned end of the piece.
  virtual std::int64_t remaining_ms() const = 0;
  virtual std::uint64_t refusals() const = 0;
};

// The inputs of a composer. They must outlive the composer.
struct ComposerTask {
  const Notation& notation;
  const ModelConfig& config;
  const Form& form;
  std::span<const float> bias;  // of the first field: empty, or one number per id
  std::uint64_t random_seed = 0;
  std::uint32_t candidate = 0;
  std::optional<SketchSpan> span = {};  // of a candidate that completes a sketch
};

// Begins a form after the notes before it.
std::unique_ptr<Composer> begin_form(const ComposerTask& task, const Past& past);
// Resumes a form from a valid state.
std::unique_ptr<Composer> resume_form(const ComposerTask& task, const FormState& state);

// What is heard of events, and the state after them.
struct Heard {
  std::vector<Sound> sounds;
  TimelineState after;
};
// Returns what is heard of the events of notes that begin a form, or nothing if they end the music.
std::optional<Heard> hear_notes(const Tokenizer& tokenizer, const Form& form,
                                std::span<const std::int32_t> ids);

// The composers of a model of notes, of a model of tokens or pieces, and of a sketch.
std::unique_ptr<Composer> compose_notes(const ComposerTask& task, const FormState& state);
std::unique_ptr<Composer> compose_tokens(const ComposerTask& task, const FormState& state);
std::unique_ptr<Composer> compose_pieces(const ComposerTask& task, const FormState& state);
std::unique_ptr<Composer> compose_sketch(const ComposerTask& task, const FormState& state);

}  // namespace longplay
