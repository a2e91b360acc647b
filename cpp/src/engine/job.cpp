#include "engine/job.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "generator/decode_state.hpp"

namespace longplay {
namespace {

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    to.insert(to.end(), from.begin(), from.end());
  }
}

// Returns the entries of the events from `first` on, `fields` entries each.
template <typename T>
std::vector<T> since(const std::vector<T>& all, std::size_t first, std::size_t fields) {
  require_range("first_event", first, 0, all.size() / fields);
  return {all.begin() + static_cast<std::ptrdiff_t>(fields * first), all.end()};
}

}  // namespace

Candidate::Candidate(Request request, std::int64_t length_ms, std::optional<std::int64_t> keep_ms)
    : Request(std::move(request)),
      assembler(length_ms - FormRules::kSilentEndMs),
      ending_ms_(length_ms - FormRules::kEndingMs),
      keep_ms_(keep_ms.value_or(0)) {
  if (!keep_ms) return;
  require_range("keep_ms", keep_ms_, 1, Form::kEndless);
  keep_state = true;
  max_events = 0;  // the first pause is after the prompt, so that every piece has one
}

void Candidate::take(GenerationResult drawn) {
  std::optional<DecodeState> state = std::exchange(drawn.state, {});
  assembler.add(drawn);
  append(music.notes, assembler.take());
  append(music.events, std::move(drawn.events));
  append(music.log_probabilities, std::move(drawn.log_probabilities));
  music.refusals = drawn.refusals;
  if (!state || drawn.finished) return;

  music.kept = {pack(*state), state->events_drawn, before};
  if (state->form.tokens) {
    music.kept->notes = music.notes;
    append(music.kept->notes, assembler.left());
  }
  changed = true;
  const std::int64_t onset = state->form.timeline.onset;
  from = std::move(state);
  prompt.clear();
  max_events = std::numeric_limits<std::uint64_t>::max();
  keep_state = onset < ending_ms_;
  until_ms = keep_state ? std::min(ending_ms_, onset + keep_ms_) : std::numeric_limits<std::int64_t>::max();
}

Job::Impl::Impl(std::shared_ptr<GeneratorPool> generators, std::vector<Candidate> to_make)
    : pool(std::move(generators)), candidates(std::move(to_make)), finished(candidates.size()) {}

Job::Impl::~Impl() {
  stop.request();
  join();
}

void Job::Impl::run(int count, int rows) {
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back(&Impl::work, this, rows);
}

void Job::Impl::join() {
  for (std::thread& thread : threads) thread.join();
  threads.clear();
}

void Job::Impl::work(int rows) {
  try {
    const Work work(stop);
    auto generator = pool->acquire(rows, stop);
    const LoopTime worked = generator->run(*this, rows, stop);
    pool->give_back(std::move(generator), worked);
  } catch (...) {
    const std::lock_guard lock(mutex);
    if (!failure && !stop.requested()) failure = std::current_exception();
    stop.request();
  }
  changed.notify_all();
}

const Request* Job::Impl::next() {
  const std::lock_guard lock(mutex);
  if (!paused.empty()) {
    const Request* request = paused.back();
    paused.pop_back();
    return request;
  }
  return begun < candidates.size() ? &candidates[begun++] : nullptr;
}

void Job::Impl::done(const Request& request, GenerationResult drawn) {
  const auto index = static_cast<std::size_t>(static_cast<const Candidate*>(&request) - candidates.data());
  Candidate& candidate = candidates[index];
  const bool over = drawn.finished;
  const std::lock_guard lock(mutex);
  candidate.take(std::move(drawn));
  if (over) {
    finished[index] = std::move(candidate.music);
    candidate.changed = false;
    changed.notify_all();
  } else {
    paused.push_back(&candidate);
  }
}

void Job::Impl::progress(std::int64_t made) { made_ms += made; }

Job::Job(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// A forked child has none of the threads. It cannot join them, and must not free the objects that they use.
Job::~Job() {
  if (!impl_->process.is_current()) static_cast<void>(impl_.release());
}

std::size_t Job::size() const { return impl_->candidates.size(); }

std::size_t Job::fields() const { return impl_->pool->config().fields.size(); }

bool Job::has_programs() const { return impl_->pool->config().has_programs(); }

bool Job::wait(std::size_t index, std::chrono::milliseconds timeout) {
  impl_->process.require_current();
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, timeout, [&] { return impl_->failure || impl_->finished.at(index); });
  if (impl_->failure) std::rethrow_exception(impl_->failure);
  if (!impl_->finished.at(index)) Work::require_not_ending();
  return impl_->finished[index].has_value();
}

Music Job::take(std::size_t index) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  Music music = std::move(impl_->finished.at(index).value());
  impl_->finished[index] = Music{};
  return music;
}

std::optional<Checkpoint> Job::snapshot(std::size_t index, std::size_t first_event) {
  impl_->process.require_current();
  const std::lock_guard lock(impl_->mutex);
  Candidate& candidate = impl_->candidates.at(index);
  if (!std::exchange(candidate.changed, false)) return {};
  const Music& music = candidate.music;
  return Checkpoint{*music.kept, candidate.from->form.timeline.onset,
                    since(music.events, first_event, fields()),
                    since(music.log_probabilities, first_event, fields())};
}

std::int64_t Job::made_ms() const { return impl_->made_ms; }

void Job::stop() {
  if (!impl_->process.is_current()) return;
  impl_->stop.request();
  impl_->join();
}

}  // namespace longplay
