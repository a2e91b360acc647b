// An active request: its rows of the model, its state and its draws.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

class Slot {
 public:
  // The model and its notation (nullptr if it has none) outlive the slot.
  Slot(Model& model, Sampler& sampler, const Notation* notation);

  // The rows of the model that a slot has. Only a guided request has an `unconditional` one.
  struct Rows {
    int conditional = 0;
    int unconditional = -1;
  };

  // Starts a validated request on rows of its own. Returns false if there is nothing to do.
  bool begin(const Request& request, Rows rows);
  Rows rows() const { return rows_; }
  // Moves the state of the row `from` to the row `to`.
  void move(int from, int to);

  // Writes the inputs of the next step.
  void prepare();
  // Whether this step's fields after the first need their logits.
  bool needs_heads() const;
  // Draws one field, or takes it from the prompt, and feeds it to the model.
  void take_field(int field);
  // Takes the event of the drawn fields. Returns true once the request is done.
  bool take_event();

  const Request& request() const { return *request_; }
  GenerationResult result();
  // Music made by the last take_event, in ms, or in events without a form.
  std::int64_t made() const { return made_; }

 private:
  // The state from which to draw again if the composer rejects the close of a piece.
  struct Checkpoint {
    DecodeState state;
    std::uint64_t events_drawn = 0;  // for this request
    std::size_t events_kept = 0;     // in the result
    std::size_t sounds_kept = 0;
  };

  bool forced() const { return prompt_taken_ < prompt_events_; }
  bool guided() const { return rows_.unconditional >= 0; }
  void save(std::vector<std::byte>& state) const;
  void load(std::span<const std::byte> state);
  void write_inputs(int row, std::span<const std::int32_t> controls);
  std::span<const float> logits(std::size_t field);
  std::span<float> requested_bias(std::size_t field);
  Draw draw(std::size_t field);
  Draw redraw(std::size_t field, std::int32_t refused, std::uint32_t refusals, std::span<float> bias);
  Draw settle(std::size_t field, Draw drawn);
  bool take_drawn_event();
  void save_checkpoint();
  void restore_checkpoint();
  void keep_for_critic();

  Model* model_;
  Sampler* sampler_;
  const Notation* notation_;
  std::size_t fields_;
  int remaining_control_ = -1;         // index of the control, if the model has it
  std::vector<std::int32_t> unknown_;  // of each control

  const Request* request_ = nullptr;
  Rows rows_;
  std::size_t prompt_events_ = 0;
  std::size_t prompt_taken_ = 0;
  std::uint64_t events_drawn_ = 0;  // for this request
  std::int64_t made_ = 0;
  std::unique_ptr<Composer> composer_;  // of a request with a form
  DecodeState at_;                      // `state` and `form` are written when they are asked for; `event` is
                                        // the last one, then the next one while its fields are drawn
  std::vector<float> log_probability_;  // of that event's fields
  Checkpoint checkpoint_;
  std::vector<float> bias_;    // scratch
  std::vector<float> guided_;  // scratch
  GenerationResult result_;
};

}  // namespace longplay
