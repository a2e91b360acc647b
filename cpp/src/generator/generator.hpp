// Floor 5: events -> events. The batch loop: slots, forced fields, stopping. Knows no MIDI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "events/sampling.hpp"
#include "form/loop_guard.hpp"
#include "form/quote_guard.hpp"
#include "form/steering.hpp"
#include "form/timeline.hpp"
#include "model/model.hpp"

namespace longplay {

// Where a candidate stands between two events: with its request, all that its future depends on.
struct Position {
  std::uint64_t events_drawn = 0;
  std::vector<std::int32_t> event;         // the last one
  std::vector<std::byte> state;            // of each row, which has heard all but the last event
  std::vector<std::int32_t> answer_event;  // in a recital, both as they were when the first event
  std::vector<std::byte> answer_state;     // was to be drawn: each piece answers the prompt afresh
  Place place;                             // with a form
  LoopGuard loop_guard;
  Steering steering;
  QuoteGuard quote_guard;
};

// One candidate to be made, or to be gone on with. Ids lie flat, one event after another, one id per field.
struct Request {
  std::optional<Position> from;      // go on from there
  std::vector<std::int32_t> prompt;  // events that are forced before the first one is drawn
  bool score_prompt = false;         // keep the log-probabilities of the prompt's fields too
  std::uint64_t random_seed = 0;
  std::uint32_t candidate = 0;           // with random_seed, what makes this candidate differ from others
  std::vector<SamplingParams> params;    // one per field
  std::vector<std::vector<float>> bias;  // one per field: empty, or one number per id
  std::vector<std::int32_t> controls;    // one id per control, told at every step
  // Logits become those of a row that is told nothing, and this many times their difference to those of the
  // row that is told the controls.
  double guidance_scale = 1;
  std::optional<Form> form;      // of a note model's music; without it, only max_events stops
  QuoteGuard quote_guard;        // with a form, what a candidate from the start begins with
  std::uint64_t max_events = 0;  // draw at most this many
  // With a form, draw no event after the first one that stands here or later.
  std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();
  bool keep_position = false;  // tell where the candidate stands then

  // Throws std::invalid_argument naming what does not fit the model.
  void validate(const ModelConfig& config) const;
  // How many rows of the model it takes: 2 to be guided by what it is told, otherwise 1.
  int rows(const ModelConfig& config) const;
};

// What a request came to.
struct Drawn {
  bool finished = false;                        // the form is complete
  std::vector<std::int32_t> events;             // as drawn; the END of a piece is an event
  std::vector<float> log_probabilities;         // nats, one per id of `events`
  std::vector<float> prompt_log_probabilities;  // nats, one per id of the prompt, if asked for
  std::vector<std::int64_t> onsets_ms;          // with a form, one per event; of an END, where music goes on
  std::uint64_t refusals = 0;                   // notes not taken because they quote, since the start
  std::optional<Position> position;             // if asked for
};

// Where requests come from and results go. Called from the generator's thread, between steps.
class Queue {
 public:
  virtual ~Queue() = default;
  // The next request to work on, or nullptr when there is none. It stays valid until done or stopped.
  virtual const Request* next() = 0;
  virtual void done(const Request& request, Drawn drawn) = 0;
  // Called every few steps with the time made since the last call, in ms of music, or in events
  // without a form. Returns false to stop at once.
  virtual bool progress(std::int64_t made) = 0;
};

struct LoopTime {
  double total_seconds = 0;     // in the loop
  double run_seconds = 0;       // of these, inside ONNX Runtime's Run
  double step_seconds = 0;      // of these in turn, in step.onnx; the others are the heads'
  double sampling_seconds = 0;  // outside Run: from logits to ids
  std::uint64_t steps = 0;      // row steps, prompts included

  LoopTime& operator+=(const LoopTime& other);
};

class Slot;

// Draws events for as many requests at a time as find room in the model's rows. A candidate is a pure
// function of (model, request): the same alone, in any batch, in any row.
class Generator {
 public:
  explicit Generator(std::unique_ptr<Model> model);
  ~Generator();

  const Model& model() const { return *model_; }

  // Works until the queue is empty or says stop, and tells how long that took. The requests under way
  // take up at most `rows` rows.
  // Throws std::invalid_argument for a request that does not fit, Error if the model's logits are
  // not numbers, or if every pitch that is left would quote what a candidate avoids.
  LoopTime run(Queue& queue, int rows);

 private:
  const Request* look_ahead(Queue& queue);
  void begin_more(Queue& queue, int rows);
  void finish(Queue& queue, std::size_t index);
  double step();  // seconds of sampling

  std::unique_ptr<Model> model_;
  Sampler sampler_;
  std::optional<Tokenizer> tokenizer_;  // of a note model
  std::vector<Slot> slots_;             // of which `active_` are under way
  std::size_t active_ = 0;              // and together have the rows
  int used_ = 0;                        // 0 .. used_ - 1
  const Request* ahead_ = nullptr;      // the next one, not begun yet
};

}  // namespace longplay
