#include "engine/live_state.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <utility>

#include "generator/decode_state.hpp"

namespace longplay {
Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Stream::~Stream() = default;

bool Stream::prefill(Stop& stop) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  return impl_->continuation.prefill(stop);
}

std::vector<Note> Stream::draw(std::uint64_t events, Stop& stop) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  impl_->assembler.add(impl_->continuation.resume({}, events, stop));
  return impl_->assembler.take();
}

Snapshot Stream::save(Stop& stop) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const DecodeState& state = impl_->continuation.state(stop);
  return {pack(state), state.events_drawn, impl_->assembler.left()};
}

const std::vector<std::string>& Stream::warnings() const { return impl_->warnings; }

bool Stream::has_programs() const { return impl_->has_programs; }

void Session::Impl::check(const Note& note, const TimelineState& before, std::int64_t latest) {
  require_range("onset_ms", note.onset_ms, before.at_once ? 0 : before.onset, latest);
  require_range("duration_ms", note.duration_ms, 1, ScoreLimits::kMaxMilliseconds);
  require_range("velocity", note.velocity, 1, 127);
}

NoteEvent Session::Impl::event_of(Note note, const TimelineState& before) const {
  const int pitch = note.pitch;
  note.onset_ms = before.at_once ? 0 : note.onset_ms - before.onset;  // relative to the note before
  const std::vector<NoteEvent> events = tokenizer.encode(std::span(&note, 1));
  if (events.empty()) {
    refuse("pitch must be one that the model plays", pitch);
  }
  return events.front();
}

void Session::Impl::keep_time(const Note& note, const TimelineState& before, Stop& stop) {
  const Request& request = continuation.request();
  Timeline timeline(*request.form, request.random_seed, request.candidate, before);
  timeline.take(note);
  continuation.state(stop).form.timeline = timeline.state();
}

Note Session::Impl::complete(const ForcedFields& forced, const TimelineState& before) const {
  const int pitch = forced.pitch.value_or(tokenizer.pitch(0)), velocity = forced.velocity.value_or(1);
  require_range("pitch", pitch, 0, 127);
  require_range("velocity", velocity, 1, 127);
  return {.onset_ms = forced.onset_ms.value_or(before.at_once ? 0 : before.onset),
          .duration_ms = forced.duration_ms.value_or(1),
          .pitch = static_cast<std::uint8_t>(pitch),
          .velocity = static_cast<std::uint8_t>(velocity)};
}

Continuation::Biases Session::Impl::bias(const ForcedFields& forced, const NoteEvent& asked) const {
  Continuation::Biases bias = continuation.request().bias;
  const std::array fixed{forced.onset_ms.has_value(), forced.pitch.has_value(), forced.velocity.has_value(),
                         forced.duration_ms.has_value()};
  for (std::size_t field = 0; field < fixed.size(); ++field) {
    if (!fixed[field]) continue;
    bias[field].assign(continuation.field_size(field), kForbidden);
    bias[field][static_cast<std::size_t>(asked[field])] = 0;
  }
  return bias;
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Session::~Session() = default;

bool Session::prefill(Stop& stop) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  return impl_->continuation.prefill(stop);
}

void Session::feed(const Note& note, Stop& stop) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const TimelineState before = impl_->continuation.state(stop).form.timeline;
  impl_->check(note, before, Form::kEndless);
  const NoteEvent event = impl_->event_of(note, before);
  impl_->continuation.resume(event, 0, stop);
  impl_->keep_time(note, before, stop);
  LoopGuard& loop_guard = impl_->continuation.state(stop).form.past.loop_guard;
  if (before.at_once || note.onset_ms > before.onset) loop_guard.next_onset();
  loop_guard.push(event[kPitch]);
}

Note Session::next(const ForcedFields& forced, Stop& stop) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const TimelineState before = impl_->continuation.state(stop).form.timeline;
  const Form& form = *impl_->continuation.request().form;
  const Note asked = impl_->complete(forced, before);
  impl_->check(asked, before, before.at_once ? 0 : before.onset + form.max_gap_ms);
  NoteEvent event = impl_->event_of(asked, before);
  // Choose a shift that the form allows among those that the onset may be rounded to.
  while (impl_->tokenizer.time_shift_ms(event[kTimeShift]) > form.max_gap_ms) --event[kTimeShift];
  if (event[kTimeShift] == 0 && !before.at_once && before.chord >= form.max_chord) event[kTimeShift] = 1;
  const GenerationResult drawn = impl_->continuation.resume(1, impl_->bias(forced, event), stop);
  const auto& ids = drawn.events;
  Note note = impl_->tokenizer.note(note_event(ids), drawn.onsets_ms.front());
  if (forced.duration_ms) note.duration_ms = asked.duration_ms;
  if (forced.velocity) note.velocity = asked.velocity;
  if (forced.onset_ms) note.onset_ms = asked.onset_ms;
  if (forced.onset_ms || forced.duration_ms) impl_->keep_time(note, before, stop);
  return note;
}

Snapshot Session::save(Stop& stop) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const DecodeState& state = impl_->continuation.state(stop);
  return {pack(state), state.events_drawn, {}};
}

const std::vector<std::string>& Session::warnings() const { return impl_->warnings; }

}  // namespace longplay
