#include "job.hpp"

#include <limits>
#include <utility>

#include "position.hpp"

namespace longplay {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    to.insert(to.end(), from.begin(), from.end());
  }
}

}  // namespace

void Candidate::take(const Tokenizer& tokenizer, Drawn drawn) {
  assembler.add(tokenizer, drawn);
  append(music.notes, assembler.take());
  append(music.events, std::move(drawn.events));
  append(music.log_probabilities, std::move(drawn.log_probabilities));
}

Job::Impl::Impl(std::shared_ptr<GeneratorPool> generators, const Tokenizer& notes_and_events,
                std::vector<Candidate> to_make)
    : pool(std::move(generators)),
      tokenizer(notes_and_events),
      candidates(std::move(to_make)),
      finished(candidates.size()) {
  for (Candidate& candidate : candidates) {
    if (!candidate.keep_ms) continue;
    candidate.keep_position = true;
    candidate.max_events = 0;  // first after the prompt: no piece is so short that it has no such place
  }
}

Job::Impl::~Impl() {
  stopping = true;
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
    auto generator = pool->acquire(rows);
    const LoopTime worked = generator->run(*this, rows);
    pool->give_back(std::move(generator), worked);
  } catch (...) {
    const std::lock_guard lock(mutex);
    if (!failure) failure = std::current_exception();
    stopping = true;
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

void Job::Impl::done(const Request& request, Drawn drawn) {
  const auto index = static_cast<std::size_t>(static_cast<const Candidate*>(&request) - candidates.data());
  Candidate& candidate = candidates[index];
  std::optional<Position> position = std::exchange(drawn.position, {});
  const bool over = drawn.finished;
  candidate.take(tokenizer, std::move(drawn));
  if (!over) {  // a pause, to keep how it stands
    candidate.music.before_ending = {pack(*position), position->events_drawn, candidate.before};
    candidate.from = std::move(position);
    candidate.prompt.clear();
    const bool first = std::exchange(candidate.max_events, kNoLimit) == 0;
    candidate.until_ms = first ? *candidate.keep_ms : std::numeric_limits<std::int64_t>::max();
    candidate.keep_position = first;
  }
  const std::lock_guard lock(mutex);
  if (over) {
    finished[index] = std::move(candidate.music);
    changed.notify_all();
  } else {
    paused.push_back(&candidate);
  }
}

bool Job::Impl::progress(std::int64_t made) {
  made_ms += made;
  return !stopping;
}

Job::Job(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Job::~Job() = default;

std::size_t Job::size() const { return impl_->candidates.size(); }

bool Job::wait(std::size_t index, std::chrono::milliseconds timeout) {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, timeout, [&] { return impl_->failure || impl_->finished.at(index); });
  if (impl_->failure) std::rethrow_exception(impl_->failure);
  return impl_->finished.at(index).has_value();
}

Music Job::take(std::size_t index) {
  const std::lock_guard lock(impl_->mutex);
  Music music = std::move(impl_->finished.at(index).value());
  impl_->finished[index] = Music{};
  return music;
}

std::int64_t Job::made_ms() const { return impl_->made_ms; }

void Job::stop() {
  impl_->stopping = true;
  impl_->join();
}

}  // namespace longplay
