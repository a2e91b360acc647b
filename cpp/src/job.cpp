#include "job.hpp"

#include <utility>

#include "assemble.hpp"

namespace longplay {

Job::Impl::Impl(std::shared_ptr<GeneratorPool> generators, const Tokenizer& notes_and_events,
                std::vector<Candidate> to_make, std::int64_t length)
    : pool(std::move(generators)),
      tokenizer(notes_and_events),
      candidates(std::move(to_make)),
      length_ms(length),
      finished(candidates.size()) {}

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
  return begun < candidates.size() ? &candidates[begun++].request : nullptr;
}

void Job::Impl::done(const Request& request, Drawn drawn) {
  Candidate& candidate = candidates[request.candidate];
  Music music{.notes = assemble(tokenizer, drawn, std::move(candidate.before), length_ms),
              .events = std::move(drawn.events),
              .log_probabilities = std::move(drawn.log_probabilities),
              .warnings = std::move(candidate.warnings)};
  {
    const std::lock_guard lock(mutex);
    finished[request.candidate] = std::move(music);
  }
  changed.notify_all();
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
