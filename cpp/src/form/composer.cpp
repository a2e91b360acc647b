#include "form/composer.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace longplay {
namespace {

constexpr std::uint32_t kAttempts = 24;  // of a close

class NoteComposer final : public Composer {
 public:
  NoteComposer(const ComposerTask& task, Timeline timeline)
      : task_(task),
        timeline_(std::move(timeline)),
        steered_(task.form.steady && task.config.bands),
        octaves_(steered_ ? Steering::octaves(values(kTimeShift)) : std::vector<float>()) {}

  void watch(const QuoteGuard& quote_guard) { quote_guard_ = quote_guard; }

  bool constrain(std::size_t field, std::span<const std::int32_t> event, std::span<float> bias) override {
    if (field == kTimeShift) {
      pull_ = steered_ ? steering_.pull(*task_.config.bands) : Steering::Pull{};
      timeline_.constrain(bias);
      steering_.lean_time_shift(pull_, octaves_, bias);
      return true;
    }
    if (field == kDuration || is_end(event)) return false;
    if (field == kPitch) {
      if (timeline_.moves_on(event[kTimeShift])) loop_guard_.next_onset();
      loop_guard_.forbid(bias);
      steering_.lean_pitch(pull_, values(kPitch), bias);
    } else {
      steering_.lean_velocity(pull_, values(kVelocity), bias);
    }
    return true;
  }

  bool accepts(std::size_t field, std::span<const std::int32_t> event, std::int32_t id) override {
    if (field != kPitch || !quote_guard_.watches() || is_end(event)) return true;
    const std::int64_t onset = timeline_.onset_after(event[kTimeShift]);
    if (!quote_guard_.would_quote(task_.tokenizer.pitch(id), onset)) return true;
    quote_guard_.refuse();
    return false;
  }

  bool is_end(std::span<const std::int32_t> event) const override {
    return event[kTimeShift] == task_.tokenizer.end_id();
  }

  Outcome accept(std::span<const std::int32_t> event) override {
    needs_checkpoint_ = false;
    const bool end = is_end(event);
    if (end && provisional_ && !timeline_.is_closed() && attempt_ + 1 < kAttempts) {
      ++attempt_;
      return Outcome::rejected;
    }
    if (end) {
      provisional_ = false;
      attempt_ = 0;
    }
    const Advance advance = timeline_.advance(note_event(event));
    if (advance == Advance::new_piece) return Outcome::new_piece;
    if (advance == Advance::finished) return Outcome::finished;
    take_note(note_event(event));
    needs_checkpoint_ = !provisional_ && timeline_.is_closing();
    provisional_ = provisional_ || needs_checkpoint_;
    return Outcome::accepted;
  }

  bool needs_checkpoint() const override { return needs_checkpoint_; }
  bool is_provisional() const override { return provisional_; }
  std::uint32_t attempt() const override { return attempt_; }

  FormState state() const override { return {timeline_.state(), loop_guard_, steering_, quote_guard_}; }

  void restore(const FormState& state) override {
    timeline_ = Timeline(task_.tokenizer, task_.form, task_.random_seed, task_.candidate, state.timeline);
    loop_guard_ = state.loop_guard;
    steering_ = state.steering;
    quote_guard_ = state.quote_guard;
  }

  std::int64_t onset_ms() const override { return timeline_.onset_ms(); }
  std::int64_t remaining_ms() const override { return timeline_.remaining_ms(); }
  std::uint64_t refusals() const override { return quote_guard_.refusals(); }

 private:
  std::span<const std::int32_t> values(std::size_t field) const { return task_.config.fields[field].values; }

  void take_note(const NoteEvent& event) {
    loop_guard_.push(event[kPitch]);
    quote_guard_.push(task_.tokenizer.pitch(event[kPitch]), timeline_.onset_ms());
    if (steered_) steering_.push(task_.tokenizer.note(event, timeline_.onset_ms()));
  }

  ComposerTask task_;
  Timeline timeline_;
  LoopGuard loop_guard_;
  Steering steering_;
  QuoteGuard quote_guard_;
  bool steered_;
  std::vector<float> octaves_;  // of the time shifts
  Steering::Pull pull_;         // of the event under way
  bool needs_checkpoint_ = false;
  bool provisional_ = false;
  std::uint32_t attempt_ = 0;
};

}  // namespace

std::unique_ptr<Composer> begin_form(const ComposerTask& task, const QuoteGuard& quote_guard) {
  auto composer = std::make_unique<NoteComposer>(
      task, Timeline(task.tokenizer, task.form, task.random_seed, task.candidate));
  composer->watch(quote_guard);
  return composer;
}

std::unique_ptr<Composer> resume_form(const ComposerTask& task, const FormState& state) {
  auto composer = std::make_unique<NoteComposer>(
      task, Timeline(task.tokenizer, task.form, task.random_seed, task.candidate));
  composer->restore(state);
  return composer;
}

}  // namespace longplay
