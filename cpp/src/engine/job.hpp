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

#include "engine/assemble.hpp"
#include "engine/engine.hpp"
#include "engine/generator_pool.hpp"

namespace longplay {

// A piece under generation.
struct Candidate : Request {
  // keep_ms: interval between snapshots, if any.
  Candidate(Request request, std::int64_t length_ms, std::optional<std::int64_t> keep_ms);

  // Takes drawn events. At a pause, saves a snapshot and prepares to resume.
  void take(GenerationResult drawn);

  Assembler assembler;
  Music music;
  std::vector<Note> before;  // of a snapshot: notes of the piece that come before the first one drawn
  bool changed = false;      // since the last request for a snapshot

 private:
  std::int64_t ending_ms_;  // where its ending begins
  std::int64_t keep_ms_;
};

struct Job::Impl : Queue {
  Impl(std::shared_ptr<GeneratorPool> generators, std::vector<Candidate> to_make);
  ~Impl() override;

  void run(int threads, int rows);
  void join();

  const Request* next() override;
  void done(const Request& request, GenerationResult drawn) override;
  void progress(std::int64_t made) override;

  std::shared_ptr<GeneratorPool> pool;
  Process process;
  std::vector<Candidate> candidates;

  Stop stop;
  std::atomic<std::int64_t> made_ms = 0;
  mutable std::mutex mutex;  // guards the members below
  std::condition_variable changed;
  std::size_t begun = 0;
  std::vector<const Candidate*> paused;  // to be resumed
  std::vector<std::optional<Music>> finished;
  std::exception_ptr failure;
  std::vector<std::thread> threads;

 private:
  void work(int rows);
};

}  // namespace longplay
