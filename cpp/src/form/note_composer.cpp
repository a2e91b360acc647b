#include <optional>
#include <vector>

#include "form/composer.hpp"
#include "form/note_timeline.hpp"
#include "form/pitch_rules.hpp"

namespace longplay {
namespace {

class NoteComposer final : public Composer {
 public:
  NoteComposer(const ComposerTask& task, const FormState& state)
      : task_(task),
        tokenizer_(*task.notation.tokenizer()),
        timeline_(tokenizer_, task.form, task.random_seed, task.candidate, state.timeline),
        past_(state.past) {
    if (!task.form.steady) return;
    shift_ranks_ = Steering::ranks(values(kTimeShift));
    duration_ranks_ = Steering::ranks(values(kDuration));
  }

  bool constrain(std::size_t field, std::span<const std::int32_t> event, std::span<float> bias) override {
    if (field == kTimeShift) {
      constrain_time_shift(bias);
      return true;
    }
    if (is_end(event)) return false;
    if (field == kPitch) {
      constrain_pitch(event, bias);
      return true;
    }
    if (field != kDuration || !task_.form.steady) return false;
    Steering::lean(pull_.duration, duration_ranks_, bias);
    return true;
  }

  bool accepts(std::size_t field, std::span<const std::int32_t> event, std::int32_t id) override {
    if (field != kPitch || !past_.quote_guard.watches() || is_end(event)) return true;
    const std::int64_t onset = timeline_.onset_after(event[kTimeShift]);
    if (!past_.quote_guard.would_quote(tokenizer_.pitch(id), onset)) return true;
    past_.quote_guard.refuse();
    return false;
  }

  bool is_end(std::span<const std::int32_t> event) const override {
    return event[kTimeShift] == tokenizer_.end_id();
  }

  Outcome accept(std::span<const std::int32_t> event) override {
    needs_checkpoint_ = false;
    sound_ = {};
    const bool end = is_end(event);
    if (end && provisional_ && !timeline_.is_closed() && attempt_ + 1 < FormRules::kClosingAttempts) {
      ++attempt_;
      return Outcome::rejected;
    }
    if (end) {
      provisional_ = false;
      attempt_ = 0;
    }
    const Advance advance = timeline_.advance(note_event(event));
    if (advance == Advance::new_piece) {
      past_.begin_piece();
      sound_ = Sound{Sound::Kind::pause, {.onset_ms = timeline_.onset_ms()}};
      return Outcome::new_piece;
    }
    if (advance == Advance::finished) return Outcome::finished;
    take_note(note_event(event));
    needs_checkpoint_ = !provisional_ && timeline_.is_closing();
    provisional_ = provisional_ || needs_checkpoint_;
    return Outcome::accepted;
  }

  std::span<const Sound> sounds() const override {
    return sound_ ? std::span(&*sound_, 1) : std::span<const Sound>();
  }
  void read(std::span<const std::int32_t>) override {}

  bool needs_checkpoint() const override { return needs_checkpoint_; }
  bool is_provisional() const override { return provisional_; }
  std::uint32_t attempt() const override { return attempt_; }

  FormState state() const override { return {timeline_.state(), past_, {}}; }

  void restore(const FormState& state) override {
    timeline_ = NoteTimeline(tokenizer_, task_.form, task_.random_seed, task_.candidate, state.timeline);
    past_ = state.past;
  }

  std::int64_t onset_ms() const override { return timeline_.onset_ms(); }
  std::int64_t remaining_ms() const override { return timeline_.remaining_ms(); }
  std::uint64_t refusals() const override { return past_.quote_guard.refusals(); }

 private:
  std::span<const std::int32_t> values(std::size_t field) const { return task_.config.fields[field].values; }

  void constrain_time_shift(std::span<float> bias) {
    timeline_.constrain(bias);
    if (!timeline_.state().at_once) {
      const std::int64_t last = timeline_.onset_ms();
      if (task_.form.playable) past_.pianist.forbid_onsets(tokenizer_, values(kPitch), last, bias);
      if (task_.form.two_hands) past_.hands.forbid_onsets(tokenizer_, values(kPitch), last, bias);
    }
    if (!task_.form.steady) return;
    const auto& band = task_.config.notes_per_second;
    pull_ = past_.steering.pull(band ? &*band : nullptr);
    Steering::lean(pull_.time_shift, shift_ranks_, bias);
  }

  void constrain_pitch(std::span<const std::int32_t> event, std::span<float> bias) {
    const std::int64_t onset = timeline_.onset_after(event[kTimeShift]);
    const bool is_later = timeline_.moves_on(event[kTimeShift]);
    constrain_pitches(past_, task_.form, values(kPitch), onset, is_later, bias);
  }

  void take_note(const NoteEvent& event) {
    past_.loop_guard.push(event[kPitch]);
    const Note note = tokenizer_.note(event, timeline_.onset_ms());
    past_.push(note);
    sound_ = Sound{Sound::Kind::note, note};
  }

  ComposerTask task_;
  const Tokenizer& tokenizer_;
  NoteTimeline timeline_;
  Past past_;
  std::optional<Sound> sound_;      // of the last event
  std::vector<float> shift_ranks_;  // if the form is steady
  std::vector<float> duration_ranks_;
  Steering::Pull pull_;  // of the event under way
  bool needs_checkpoint_ = false;
  bool provisional_ = false;
  std::uint32_t attempt_ = 0;
};

}  // namespace

std::optional<Heard> hear_notes(const Tokenizer& tokenizer, const Form& form,
                                std::span<const std::int32_t> ids) {
  NoteTimeline timeline(tokenizer, form, 0, 0);
  Heard heard;
  for (std::size_t i = 0; i < ids.size(); i += kNoteFields) {
    const NoteEvent event = note_event(ids.subspan(i, kNoteFields));
    const Advance advance = timeline.advance(event);
    if (advance == Advance::finished) return {};
    if (advance == Advance::note) {
      heard.sounds.push_back({Sound::Kind::note, tokenizer.note(event, timeline.onset_ms())});
    } else {
      heard.sounds.push_back({Sound::Kind::pause, {.onset_ms = timeline.onset_ms()}});
    }
  }
  heard.after = timeline.state();
  return heard;
}

std::unique_ptr<Composer> compose_notes(const ComposerTask& task, const FormState& state) {
  return std::make_unique<NoteComposer>(task, state);
}

}  // namespace longplay
