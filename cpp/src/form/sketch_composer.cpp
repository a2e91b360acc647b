#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "form/composer.hpp"
#include "form/pitch_rules.hpp"

namespace longplay {
namespace {

void allow_only(std::int32_t id, std::span<float> bias) {
  std::ranges::fill(bias, kForbidden);
  bias[static_cast<std::size_t>(id)] = 0;
}

// Adds notes before a given note, then takes the given note, and so on to the last note of a span. If a time
// shift does not end in an open stretch before the given note, it means: wait for the given note. The guards
// bind added notes only.
class SketchComposer final : public Composer {
 public:
  SketchComposer(const ComposerTask& task, const FormState& state)
      : task_(task),
        sketch_(*task.span->sketch),
        tokenizer_(*task.notation.tokenizer()),
        timeline_(task.form, task.random_seed, task.candidate, state.timeline),
        past_(state.past),
        waiting_(state.waiting),
        next_(task.span->first),
        longest_ms_(tokenizer_.time_shift_ms(tokenizer_.end_id() - 1)) {
    aim();
  }

  bool constrain(std::size_t field, std::span<const std::int32_t> event, std::span<float> bias) override {
    if (field == kTimeShift) {
      constrain_time_shift(bias);
      return true;
    }
    if (is_end(event)) return false;
    if (is_given(field)) {
      allow_only(given_[field], bias);
      return true;
    }
    if (field != kPitch) return false;
    forbid_kept_keys(bias);
    constrain_pitches(past_, task_.form, values(kPitch), at_ms_, at_ms_ > onset_ms(), bias);
    return true;
  }

  std::int32_t settle(std::size_t field, std::int32_t id) override {
    if (field != kTimeShift) return id;
    is_added_ = id < wait_from_;
    at_ms_ = base_ms_ + tokenizer_.time_shift_ms(id);
    if (is_added_) return id;
    if (!next_note()) return tokenizer_.end_id();
    if (next_note()->slack_ms > 0 && at_ms_ >= earliest_ms_ && at_ms_ <= latest_ms_) return id;
    at_ms_ = std::max(onset_ms(), next_note()->onset_ms);
    return given_[kTimeShift];
  }

  bool weighs(std::size_t field) const override { return is_given(field); }

  bool accepts(std::size_t field, std::span<const std::int32_t> event, std::int32_t id) override {
    if (field != kPitch || !past_.quote_guard.watches() || is_end(event) || is_given(kPitch)) return true;
    if (!past_.quote_guard.would_quote(tokenizer_.pitch(id), at_ms_)) return true;
    past_.quote_guard.refuse();
    return false;
  }

  bool is_end(std::span<const std::int32_t> event) const override {
    return event[kTimeShift] == tokenizer_.end_id();
  }

  Outcome accept(std::span<const std::int32_t> event) override {
    sound_ = {};
    if (is_end(event)) return Outcome::finished;
    Note note = tokenizer_.note(note_event(event), at_ms_);
    if (!is_added_) note = next_note()->with(note);
    take_note(note, event[kPitch]);
    if (!is_added_ && ++next_ == task_.span->last) return Outcome::finished;
    aim();
    return Outcome::accepted;
  }

  std::span<const Sound> sounds() const override {
    return sound_ ? std::span(&*sound_, 1) : std::span<const Sound>();
  }
  void read(std::span<const std::int32_t>) override {}

  bool needs_checkpoint() const override { return false; }
  bool is_provisional() const override { return false; }
  std::uint32_t attempt() const override { return 0; }

  FormState state() const override { return {timeline_.state(), past_, {}, waiting_}; }
  void restore(const FormState&) override {}

  std::int64_t onset_ms() const override { return timeline_.onset_ms(); }
  std::int64_t remaining_ms() const override { return timeline_.remaining_ms(); }
  std::uint64_t refusals() const override { return past_.quote_guard.refusals(); }

 private:
  std::span<const std::int32_t> values(std::size_t field) const { return task_.config.fields[field].values; }

  // The next given note of the span, or nullptr.
  const SketchNote* next_note() const { return next_ < task_.span->last ? &sketch_.notes[next_] : nullptr; }

  // Whether the event is a given note with this field.
  bool is_given(std::size_t field) const {
    const SketchNote* note = is_added_ ? nullptr : next_note();
    if (!note) return false;
    if (field == kTimeShift) return note->slack_ms == 0;
    if (field == kPitch) return note->pitch.has_value();
    return field == kVelocity ? note->velocity.has_value() : note->duration_ms.has_value();
  }

  // Finds what the next event leads to. A rest longer than the longest time shift is cut to it.
  void aim() {
    const SketchNote* note = next_note();
    const std::int64_t rest = std::min(sketch_.open_until_ms(), sketch_.length_ms - FormRules::kLastOnsetMs);
    const std::int64_t onset = note ? std::max(note->onset_ms, onset_ms()) : rest;
    earliest_ms_ = std::max(onset_ms(), onset - (note ? note->slack_ms : 0));
    latest_ms_ = note ? note->onset_ms + note->slack_ms : onset;
    const std::optional<std::int64_t> opens = sketch_.next_open(onset_ms(), earliest_ms_);
    base_ms_ = std::max(onset_ms(), opens ? *opens - longest_ms_ / 2 : onset - longest_ms_);
    const Note relative{.onset_ms = std::max<std::int64_t>(onset - base_ms_, 0),
                        .duration_ms = note ? note->duration_ms.value_or(1) : 1,
                        .pitch = note && note->pitch ? *note->pitch : tokenizer_.pitch(0),
                        .velocity = note ? note->velocity.value_or(1) : std::uint8_t{1}};
    given_ = tokenizer_.encode(std::span(&relative, 1)).front();
    wait_from_ = onset - base_ms_ > longest_ms_ ? tokenizer_.end_id() : given_[kTimeShift];
    while (wait_from_ > 0 && base_ms_ + tokenizer_.time_shift_ms(wait_from_ - 1) >= earliest_ms_)
      --wait_from_;
  }

  void constrain_time_shift(std::span<float> bias) {
    const std::vector<float> asked(bias.begin(), bias.end());
    if (task_.form.playable) past_.pianist.forbid_onsets(tokenizer_, values(kPitch), onset_ms(), bias);
    if (task_.form.two_hands) past_.hands.forbid_onsets(tokenizer_, values(kPitch), onset_ms(), bias);
    const std::span<float> adding = bias.first(static_cast<std::size_t>(wait_from_));
    for (std::size_t id = 0; id < adding.size(); ++id) {
      if (!sketch_.is_open(base_ms_ + tokenizer_.time_shift_ms(static_cast<std::int32_t>(id))))
        adding[id] = kForbidden;
    }
    // The longest time shift waits for a given note that is farther away, if no other id is left.
    const bool none_left = std::ranges::all_of(adding, [](float b) { return b == kForbidden; });
    if (none_left) wait_from_ = std::min(wait_from_, tokenizer_.end_id() - 1);
    const float nats = waiting_.nats();
    for (auto id = static_cast<std::size_t>(wait_from_); id < bias.size(); ++id) bias[id] = asked[id] + nats;
    bias.back() = kForbidden;
    if (next_note() && next_note()->slack_ms > 0) forbid_late(bias);
  }

  // The onset of a note with slack is drawn; forbids those beyond the slack.
  void forbid_late(std::span<float> bias) const {
    const auto is_late = [&](std::size_t id) {
      const auto shift = static_cast<std::int32_t>(id);
      return shift != given_[kTimeShift] && base_ms_ + tokenizer_.time_shift_ms(shift) > latest_ms_;
    };
    forbid_where(is_late, bias.first(bias.size() - 1));
  }

  // Forbids each pitch of a given note that sounds or starts at the onset of the event, which would change
  // it.
  void forbid_kept_keys(std::span<float> bias) {
    kept_ = {};
    for (const SketchNote& note : sketch_.notes) {
      if (note.onset_ms > at_ms_) break;
      if (note.pitch && at_ms_ < note.onset_ms + note.duration_ms.value_or(1)) kept_[*note.pitch] = true;
    }
    forbid_where([&](std::size_t id) { return kept_[tokenizer_.pitch(static_cast<std::int32_t>(id))]; },
                 bias);
  }

  void take_note(const Note& note, std::int32_t pitch_id) {
    const bool is_later = note.onset_ms > onset_ms();
    if (!is_added_ && is_later) past_.loop_guard.next_onset();
    if (sketch_.is_open(note.onset_ms)) waiting_.push(note.onset_ms - onset_ms(), is_added_);
    past_.loop_guard.push(pitch_id);
    past_.push(note);
    timeline_.take(note);
    if (!is_added_ || !kept_[note.pitch]) sound_ = Sound{Sound::Kind::note, note};
  }

  ComposerTask task_;
  const Sketch& sketch_;
  const Tokenizer& tokenizer_;
  Timeline timeline_;
  Past past_;
  Waiting waiting_;
  std::size_t next_;  // index of the next given note
  std::int64_t longest_ms_;

  // Of the next event:
  std::int64_t base_ms_ = 0;      // from where its time shift counts
  std::int64_t earliest_ms_ = 0;  // when the given note may start
  std::int64_t latest_ms_ = 0;
  NoteEvent given_{};           // the given note
  std::int32_t wait_from_ = 0;  // the first time shift that waits for it
  bool is_added_ = false;       // the event adds a note
  std::int64_t at_ms_ = 0;      // its onset

  // The keys that it must not strike. If the model has no others, the event is silent.
  std::array<bool, 128> kept_{};

  std::optional<Sound> sound_;  // of the last event
};

}  // namespace

std::unique_ptr<Composer> compose_sketch(const ComposerTask& task, const FormState& state) {
  return std::make_unique<SketchComposer>(task, state);
}

}  // namespace longplay
