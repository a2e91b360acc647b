// From prompts to drawn events: the loop over a batch of requests. MIDI is left to the layers above.
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
#include "form/composer.hpp"
#include "model/critic.hpp"
#include "model/model.hpp"

namespace longplay {

// With its request, all that a candidate's future depends on, between two events.
struct DecodeState {
  std::uint64_t events_drawn = 0;
  std::vector<std::int32_t> event;         // the last one
  bool event_is_seed = true;               // or the start: it was not drawn
  std::vector<std::byte> state;            // of each row, to which all events but the last were fed
  std::vector<std::int32_t> prompt_event;  // in a recital, `event` and `state` before the first draw:
  std::vector<std::byte> prompt_state;     // every piece begins from them
  std::vector<std::int32_t> recent;        // with a critic, the last events of the piece, as many as it reads
  FormState form;                          // with a form
};

inline constexpr double kGuidanceOff = 1;
inline constexpr int kMostBranches = 64;
inline constexpr int kMostParticles = 1024;

// One candidate to generate or to resume. Ids are flat: one event after another, one id per field.
struct Request {
  std::optional<DecodeState> from = {};   // resume this state
  std::vector<std::int32_t> prompt = {};  // events that are forced before the first one is drawn
  bool score_prompt = false;              // keep the log-probabilities of the prompt's fields too
  std::uint64_t random_seed;
  std::uint32_t candidate;               // with random_seed, the address of the random numbers
  std::vector<SamplingParams> params;    // one per field
  std::vector<std::vector<float>> bias;  // one per field: empty, or one number per id
  std::vector<std::int32_t> controls;    // one id per control
  // Classifier-free guidance: logits = unconditional + scale * (conditional - unconditional).
  double guidance_scale;
  std::optional<Form> form = {};  // of a model with a notation; without it, only max_events stops
  Past past = {};                 // with a form, after the notes before the first event
  std::uint64_t max_events = 0;   // draw at most this many
  // With a form, stop after the first event at this time or later.
  std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();
  bool keep_state = false;  // return the decode state
  // With a form, the number of branches of each phrase, of which the critic keeps one. Above 1, the request
  // stops at the end of a phrase only, so it may pass `max_events` and `until_ms`.
  int search = 1;
  // Complete a sketch with so many particles, each of which draws a span at a time.
  std::shared_ptr<const Sketch> sketch = {};
  int particles = 1;
  std::optional<SketchSpan> span = {};  // of a particle

  // Throws std::invalid_argument that names the first member that does not fit the model.
  void validate(const ModelConfig& config) const;
  // Whether the request is a part of one that counts its music itself.
  bool is_part() const { return search > 1 || span; }
  // How many rows of the model a branch takes: 2 with guidance, otherwise 1.
  int rows(const ModelConfig& config) const;
};

struct GenerationResult {
  bool finished = false;                        // the form is complete
  std::vector<std::int32_t> events;             // as drawn; the END of a piece is an event
  std::vector<float> log_probabilities;         // nats, one per id of `events`
  std::vector<float> prompt_log_probabilities;  // nats, one per id of the prompt, if asked for
  std::vector<std::int64_t> onsets_ms;  // with a form, one per event; of an END, where the music resumes
  std::vector<Sound> sounds;            // with a form, what is heard of the events
  double log_weight = 0;                // of a particle: nats of the given fields
  std::uint64_t refusals = 0;           // notes rejected because they quote, since the start
  std::optional<DecodeState> state;     // if asked for

  // Adds what was drawn after it, but neither its weight nor its state.
  void append(const GenerationResult& next);
};

// Where requests come from and results go. Called from the generator's thread, between steps.
class Queue {
 public:
  virtual ~Queue() = default;
  // The next request to work on, or nullptr when there is none. It stays valid until done or stopped.
  virtual const Request* next() = 0;
  virtual void done(const Request& request, GenerationResult result) = 0;
  // Called every few steps with the time made since the last call, in ms of music, or in events
  // without a form.
  virtual void progress(std::int64_t /*made*/) {}
};

struct LoopTime {
  double total_seconds = 0;     // in the loop
  double run_seconds = 0;       // of these, inside ONNX Runtime's Run
  double step_seconds = 0;      // of these in turn, in step.onnx; the others are the heads'
  double sampling_seconds = 0;  // outside Run: from logits to ids
  std::uint64_t steps = 0;      // of the model, for all rows at once
  std::uint64_t row_steps = 0;  // the rows of each step, prompts included

  LoopTime& operator+=(const LoopTime& other);
};

class Slot;

// Draws events for as many requests at a time as fit the model's rows. A candidate is a pure
// function of (model, request): the same alone, in any batch, in any row.
class Generator {
 public:
  // A model without a critic has none, and searches nothing.
  Generator(std::unique_ptr<Model> model, std::unique_ptr<Critic> critic);
  ~Generator();

  const Model& model() const { return *model_; }

  // Runs until the queue is empty, or until a stop is requested, which drops the unfinished requests. Returns
  // the times. The active requests use at most `rows` rows. Throws std::invalid_argument for a request that
  // does not fit. Throws Error if the model's logits are not finite, or if every remaining pitch of a
  // candidate would quote the index that it avoids.
  LoopTime run(Queue& queue, int rows, Stop& stop);

 private:
  const Request* look_ahead(Queue& queue);
  void begin_more(Queue& queue, int rows, const Stop& stop);
  void finish(Queue& queue, std::size_t index, const Stop& stop);
  void loop(Queue& queue, int rows, const Stop& stop, LoopTime& time);
  double step(const Stop& stop);  // seconds of sampling

  std::unique_ptr<Model> model_;
  std::unique_ptr<Critic> critic_;
  Sampler sampler_;
  std::optional<Notation> notation_;
  std::vector<Slot> slots_;         // the first `active_` of them are in use
  std::size_t active_ = 0;          // number of slots in use
  int used_ = 0;                    // the rows in use are 0 .. used_ - 1
  const Request* ahead_ = nullptr;  // the next request, not started yet
};

}  // namespace longplay
