// One row of the generator's batch: a request on its way to being done.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

class Slot {
 public:
  // The model and the tokenizer (nullptr for a token model) outlive the slot.
  Slot(Model& model, Sampler& sampler, const Tokenizer* tokenizer);

  // The rows of the model that a slot has. `untold` is of a guided request only.
  struct Rows {
    int told = 0;
    int untold = -1;
  };

  // Takes a request, already validated, to rows of its own. False when there is nothing to do for it.
  bool begin(const Request& request, Rows rows);
  Rows rows() const { return rows_; }
  // What was in the row `from` goes on in the row `to`.
  void move(int from, int to);

  // Writes the inputs of the next step.
  void prepare();
  // Whether this step's fields after the first need their logits.
  bool needs_heads() const;
  // Draws or is given one field, and tells the model.
  void take_field(int field);
  // Takes the event that the fields make up. True when the request is done.
  bool take_event();

  const Request& request() const { return *request_; }
  Drawn result();
  // Music made by the last take_event, in ms, or in events without a form.
  std::int64_t made() const { return made_; }

 private:
  // The last seconds of a piece are drawn again until they close it: from here on.
  struct Closing {
    bool under_way = false;
    std::uint32_t attempt = 0;
    Position from;
    std::uint64_t events_drawn = 0;  // for this request
    std::size_t events_kept = 0;     // of what it came to
  };

  bool forced() const { return prompt_taken_ < prompt_events_; }
  bool guided() const { return rows_.untold >= 0; }
  void save(std::vector<std::byte>& state) const;
  void load(std::span<const std::byte> state);
  void tell(int row, std::span<const std::int32_t> controls);
  std::span<const float> logits(int field);
  bool steered() const { return timeline_ && request_->form->steady && model_->config().bands; }
  std::span<const float> bias(int field);
  Draw draw(int field);
  Draw without_quoting(Draw pitch);
  bool take_drawn_event();
  void take_note();
  void begin_closing();
  void draw_closing_again();

  Model* model_;
  Sampler* sampler_;
  const Tokenizer* tokenizer_;
  std::size_t fields_;
  int remaining_control_ = -1;         // index of the control, if the model has it
  std::vector<std::int32_t> unknown_;  // of each control

  const Request* request_ = nullptr;
  Rows rows_;
  std::size_t prompt_events_ = 0;
  std::size_t prompt_taken_ = 0;
  std::uint64_t events_drawn_ = 0;  // for this request
  std::int64_t made_ = 0;
  std::optional<Timeline> timeline_;
  Position at_;                         // its state and its place are written when they are asked for;
                                        // its event is the last one, then the one being made
  std::vector<float> log_probability_;  // of that event's fields
  std::vector<float> octaves_;          // of the time shifts
  Steering::Pull pull_;
  Closing closing_;
  std::vector<float> bias_;    // scratch
  std::vector<float> guided_;  // scratch
  Drawn drawn_;
};

}  // namespace longplay
