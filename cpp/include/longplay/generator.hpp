// Floor 5: events -> events. The batch loop: slots, forced fields, stopping. Knows no MIDI.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "longplay/model.hpp"
#include "longplay/sampling.hpp"
#include "longplay/timeline.hpp"

namespace longplay {

// One candidate to be made. Ids lie flat, one event after another, one id per field.
struct Request {
  std::vector<std::int32_t> prompt;  // events that are forced before the first one is drawn
  bool score_prompt = false;         // keep the log-probabilities of the prompt's fields too
  std::uint64_t random_seed = 0;
  std::uint32_t candidate = 0;           // with random_seed, what makes this candidate differ from others
  std::vector<SamplingParams> params;    // one per field
  std::vector<std::vector<float>> bias;  // one per field: empty, or one number per id
  std::vector<std::int32_t> controls;    // one id per control, told at every step
  std::optional<Form> form;              // of a note model's music; without it, only max_events stops
  std::uint64_t max_events = 0;          // draw at most this many

  // Throws std::invalid_argument naming what does not fit the model.
  void validate(const ModelConfig& config) const;
};

// A candidate that is done.
struct Drawn {
  std::vector<std::int32_t> events;             // as drawn; the END of a piece is an event
  std::vector<float> log_probabilities;         // nats, one per id of `events`
  std::vector<float> prompt_log_probabilities;  // nats, one per id of the prompt, if asked for
  std::vector<std::int64_t> onsets_ms;          // with a form, one per event; of an END, where music goes on
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
  double total_seconds = 0;  // in the loop
  double run_seconds = 0;    // of these, inside ONNX Runtime's Run
  std::uint64_t steps = 0;   // row steps, prompts included

  LoopTime& operator+=(const LoopTime& other);
};

class Slot;

// Draws events for as many requests at a time as the model has rows. A candidate is a pure function
// of (model, request): the same alone, in any batch, in any row.
class Generator {
 public:
  explicit Generator(std::unique_ptr<Model> model);
  ~Generator();

  const Model& model() const { return *model_; }

  // Works until the queue is empty or says stop, and tells how long that took. At most `rows`
  // requests are under way at once.
  // Throws std::invalid_argument for a request that does not fit, Error if the model's logits are
  // not numbers.
  LoopTime run(Queue& queue, int rows);

 private:
  bool begin_next(Queue& queue, int row);
  void step(int rows);

  std::unique_ptr<Model> model_;
  Sampler sampler_;
  std::optional<Tokenizer> tokenizer_;  // of a note model
  std::vector<Slot> slots_;
};

}  // namespace longplay
