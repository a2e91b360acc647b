#include "engine/live_impl.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <utility>

#include "generator/position.hpp"

namespace longplay {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

void expect(const char* what, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  throw std::invalid_argument(std::string(what) + " must be in [" + std::to_string(low) + ", " +
                              std::to_string(high) + "], not " + std::to_string(value));
}

}  // namespace

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Stream::~Stream() = default;

bool Stream::listen() {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  return impl_->course.listen();
}

std::vector<Note> Stream::draw(std::uint64_t events) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  impl_->assembler.add(impl_->tokenizer, impl_->course.go_on({}, events));
  return impl_->assembler.take();
}

Snapshot Stream::save() {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const Position& position = impl_->course.position();
  return {pack(position), position.events_drawn, impl_->assembler.left()};
}

const std::vector<std::string>& Stream::warnings() const { return impl_->warnings; }

void Session::Impl::check(const Note& note, const Place& before, std::int64_t latest) {
  expect("onset_ms", note.onset_ms, before.at_once ? 0 : before.onset, latest);
  expect("duration_ms", note.duration_ms, 1, ScoreLimits::kMaxMilliseconds);
  expect("velocity", note.velocity, 1, 127);
}

NoteEvent Session::Impl::heard(Note note, const Place& before) const {
  const int pitch = note.pitch;
  note.onset_ms = before.at_once ? 0 : note.onset_ms - before.onset;  // counted from the one before
  const std::vector<NoteEvent> events = tokenizer.encode(std::span(&note, 1));
  if (events.empty()) {
    throw std::invalid_argument("pitch must be one that the model plays, not " + std::to_string(pitch));
  }
  return events.front();
}

void Session::Impl::keep_time(const Note& note, const Place& before) {
  const Request& request = course.request();
  Timeline timeline(tokenizer, *request.form, request.random_seed, request.candidate, before);
  timeline.hear(note);
  course.position().place = timeline.place();
}

Note Session::Impl::complete(const Given& given, const Place& before) const {
  const int pitch = given.pitch.value_or(tokenizer.pitch(0)), velocity = given.velocity.value_or(1);
  expect("pitch", pitch, 0, 127);
  expect("velocity", velocity, 1, 127);
  return {.onset_ms = given.onset_ms.value_or(before.at_once ? 0 : before.onset),
          .duration_ms = given.duration_ms.value_or(1),
          .pitch = static_cast<std::uint8_t>(pitch),
          .velocity = static_cast<std::uint8_t>(velocity)};
}

Course::Biases Session::Impl::bias(const Given& given, const NoteEvent& asked) const {
  Course::Biases bias = course.request().bias;
  const std::array fixed{given.onset_ms.has_value(), given.pitch.has_value(), given.velocity.has_value(),
                         given.duration_ms.has_value()};
  for (std::size_t field = 0; field < fixed.size(); ++field) {
    if (!fixed[field]) continue;
    bias[field].assign(course.field_size(field), kForbidden);
    bias[field][static_cast<std::size_t>(asked[field])] = 0;
  }
  return bias;
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Session::~Session() = default;

bool Session::listen() {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  return impl_->course.listen();
}

void Session::feed(const Note& note) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const Place before = impl_->course.position().place;
  impl_->check(note, before, Form::kEndless / 2);
  const NoteEvent event = impl_->heard(note, before);
  impl_->course.go_on(event, 0);
  impl_->keep_time(note, before);
  LoopGuard& loop_guard = impl_->course.position().loop_guard;
  if (before.at_once || note.onset_ms > before.onset) loop_guard.next_onset();
  loop_guard.push(event[1]);
}

Note Session::next(const Given& given) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const Place before = impl_->course.position().place;
  const Form& form = *impl_->course.request().form;
  const Note asked = impl_->complete(given, before);
  impl_->check(asked, before, before.at_once ? 0 : before.onset + form.max_gap_ms);
  NoteEvent event = impl_->heard(asked, before);
  // Of the shifts that it might be rounded to, one that the form leaves open.
  while (impl_->tokenizer.time_shift_ms(event[0]) > form.max_gap_ms) --event[0];
  if (event[0] == 0 && !before.at_once && before.chord >= form.max_chord) event[0] = 1;
  const Drawn drawn = impl_->course.go_on(1, impl_->bias(given, event));
  const auto& ids = drawn.events;
  Note note = impl_->tokenizer.note({ids[0], ids[1], ids[2], ids[3]}, drawn.onsets_ms.front());
  if (given.duration_ms) note.duration_ms = asked.duration_ms;
  if (given.velocity) note.velocity = asked.velocity;
  if (given.onset_ms) note.onset_ms = asked.onset_ms;
  if (given.onset_ms || given.duration_ms) impl_->keep_time(note, before);
  return note;
}

Snapshot Session::save() {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  const Position& position = impl_->course.position();
  return {pack(position), position.events_drawn, {}};
}

const std::vector<std::string>& Session::warnings() const { return impl_->warnings; }

}  // namespace longplay
