// The threads behind a Job.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "generator_pool.hpp"
#include "longplay/engine.hpp"

namespace longplay {

struct Candidate {
  Request request;
  std::vector<Note> before;  // notes of the piece that come before the first one drawn
  std::vector<std::string> warnings;
};

struct Job::Impl : Queue {
  Impl(std::shared_ptr<GeneratorPool> generators, const Tokenizer& notes_and_events,
       std::vector<Candidate> to_make, std::int64_t length);
  ~Impl() override;

  void run(int threads, int rows);
  void join();

  const Request* next() override;
  void done(const Request& request, Drawn drawn) override;
  bool progress(std::int64_t made) override;

  std::shared_ptr<GeneratorPool> pool;
  Tokenizer tokenizer;
  std::vector<Candidate> candidates;
  std::int64_t length_ms;

  std::atomic<bool> stopping = false;
  std::atomic<std::int64_t> made_ms = 0;
  mutable std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::size_t begun = 0;
  std::vector<std::optional<Music>> finished;
  std::exception_ptr failure;
  std::vector<std::thread> threads;

 private:
  void work(int rows);
};

}  // namespace longplay
