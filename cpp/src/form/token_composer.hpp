// The form of a model of tokens: puts the rules of the form to what the tokens do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "form/composer.hpp"

namespace longplay {

// A vocabulary needs no END: a piece is over as soon as the time passes where the form wants it to end. If
// the form allows no token, the vocabulary alone decides. A copy continues from the same state.
class TokenComposer final : public Composer {
 public:
  TokenComposer(const ComposerTask& task, const FormState& state);
  bool constrain(std::size_t, std::span<const std::int32_t>, std::span<float> bias) override;
  bool accepts(std::size_t, std::span<const std::int32_t>, std::int32_t id) override;
  bool is_end(std::span<const std::int32_t>) const override { return false; }

  Outcome accept(std::span<const std::int32_t> event) override;
  std::span<const Sound> sounds() const override { return sounds_; }

  void read(std::span<const std::int32_t> event) override;
  bool needs_checkpoint() const override { return needs_checkpoint_; }
  bool is_provisional() const override { return provisional_; }
  std::uint32_t attempt() const override { return attempt_; }

  FormState state() const override { return {timeline_.state(), past_, tokens_}; }

  void restore(const FormState& state) override;
  std::int64_t onset_ms() const override { return timeline_.onset_ms(); }
  std::int64_t remaining_ms() const override { return timeline_.remaining_ms(); }
  std::uint64_t refusals() const override { return past_.quote_guard.refusals(); }

  const Registers& registers() const { return tokens_.now; }
  // Whether an event without tokens may follow. It takes no time, so there must not be too many.
  bool may_idle() const { return tokens_.idle < FormRules::kMostIdleTokens; }
  void idle() { ++tokens_.idle; }
  // Counts a rejected note.
  void refuse() { past_.quote_guard.refuse(); }

 private:
  const Vocabulary::Type& type(std::int32_t id) const {
    return vocabulary_->types()[vocabulary_->type_of(id)];
  }
  const Vocabulary::Type& type(std::size_t id) const { return type(static_cast<std::int32_t>(id)); }
  bool at_once() const { return timeline_.state().at_once; }
  std::int64_t ms(std::int64_t ticks) const {
    return tokens_.origin_ms + vocabulary_->ms(tokens_.now, ticks);
  }
  // Where the next note would start. Before the first note of a piece, its time has no effect.
  std::int64_t now_ms() const { return at_once() ? onset_ms() : std::max(ms(tokens_.now.time), onset_ms()); }

  bool would_quote(std::span<const std::int32_t> pitches) const;
  void add_duration(const Registers& begin, std::int32_t id);
  void limit_velocity(const ComposerTask& task);
  static bool has_some(std::span<const float> bias);
  void require_some(std::span<const float> bias) const;
  void constrain_time(std::span<float> bias);
  void constrain_notes(std::span<float> bias);
  void lead_on(std::span<float> bias) const;
  void steer(std::span<float> bias);
  void strike(std::uint8_t pitch, std::int32_t duration);
  void release(std::uint8_t pitch, std::uint8_t program, std::int64_t at_ms);
  bool is_over() const;
  Outcome end();
  void begin_piece();

  const Vocabulary* vocabulary_;
  const Form* form_;
  const Band* band_;  // of notes per second, or nullptr
  std::uint64_t random_seed_;
  std::uint32_t candidate_;
  Timeline timeline_;
  Past past_;
  TokenState tokens_;
  std::vector<float> pitch_bias_;       // scratch, one for each pitch of the vocabulary
  std::vector<std::int64_t> after_ms_;  // scratch, one for each token: the time after it
  std::vector<float> allowed_;          // scratch, one for each token: its bias before the rules of the form
  std::vector<std::int32_t> duration_ids_, durations_ms_;
  std::vector<float> duration_ranks_;  // one for each of these
  std::int32_t max_velocity_ = 127;
  std::vector<Sound> sounds_;  // of the last token
  bool needs_checkpoint_ = false;
  bool provisional_ = false;
  std::uint32_t attempt_ = 0;
};

}  // namespace longplay
