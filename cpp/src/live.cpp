#include "live.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

#include "position.hpp"

namespace longplay {
namespace {

void expect(const char* what, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  throw std::invalid_argument(std::string(what) + " must be in [" + std::to_string(low) + ", " +
                              std::to_string(high) + "], not " + std::to_string(value));
}

}  // namespace

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Stream::~Stream() = default;

bool Stream::listen() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->course.listen();
}

std::vector<Note> Stream::draw(std::uint64_t events) {
  const std::lock_guard lock(impl_->mutex);
  impl_->assembler.add(impl_->tokenizer, impl_->course.go_on({}, events));
  return impl_->assembler.take();
}

Snapshot Stream::save() {
  const std::lock_guard lock(impl_->mutex);
  const Position& position = impl_->course.position();
  return {pack(position), position.events_drawn, impl_->assembler.left()};
}

const std::vector<std::string>& Stream::warnings() const { return impl_->warnings; }

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Session::~Session() = default;

bool Session::listen() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->course.listen();
}

void Session::feed(const Note& note) {
  const std::lock_guard lock(impl_->mutex);
  const Request& request = impl_->course.request();
  const Place before = impl_->course.position().place;
  expect("onset_ms", note.onset_ms, before.at_once ? 0 : before.onset, Form::kEndless / 2);
  expect("duration_ms", note.duration_ms, 1, ScoreLimits::kMaxMilliseconds);
  expect("velocity", note.velocity, 1, 127);
  Note heard = note;  // its onset counted from the one before
  heard.onset_ms = before.at_once ? 0 : note.onset_ms - before.onset;
  const std::vector<NoteEvent> events = impl_->tokenizer.encode(std::span(&heard, 1));
  if (events.empty()) {
    throw std::invalid_argument("pitch must be one that the model plays, not " + std::to_string(note.pitch));
  }
  impl_->course.go_on(events.front(), 0);
  Position& position = impl_->course.position();
  Timeline timeline(impl_->tokenizer, *request.form, request.random_seed, request.candidate, before);
  timeline.hear(note);
  position.place = timeline.place();
  if (before.at_once || note.onset_ms > before.onset) position.loop_guard.next_onset();
  position.loop_guard.push(events.front()[1]);
}

Note Session::next() {
  const std::lock_guard lock(impl_->mutex);
  const Drawn drawn = impl_->course.go_on({}, 1);
  const auto& ids = drawn.events;
  return impl_->tokenizer.note({ids[0], ids[1], ids[2], ids[3]}, drawn.onsets_ms.front());
}

Snapshot Session::save() {
  const std::lock_guard lock(impl_->mutex);
  const Position& position = impl_->course.position();
  return {pack(position), position.events_drawn, {}};
}

const std::vector<std::string>& Session::warnings() const { return impl_->warnings; }

}  // namespace longplay
