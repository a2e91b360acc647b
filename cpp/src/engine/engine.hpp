// From MIDI to MIDI: pieces, streams and sessions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/live.hpp"
#include "generator/generator.hpp"
#include "score/score.hpp"

namespace longplay {

// A key by its tonic, a pitch class, and its mode.
struct NamedKey {
  int tonic;
  bool minor;
};

struct KeyOfSeed {};
struct NoKey {};
using Key = std::variant<KeyOfSeed, NamedKey, NoKey>;

// The settings of a piece, without its seed. The caller sets all of them: defaults are Python's.
struct Settings {
  std::int64_t length_ms;  // of a piece
  std::uint64_t random_seed;
  std::uint32_t candidate;               // with random_seed, the address of the random numbers
  std::vector<SamplingParams> params;    // one per field
  std::vector<std::vector<float>> bias;  // one per field: empty, or one number per id
  std::vector<std::int32_t> controls;    // one id per control
  double guidance_scale;                 // of the controls, see Request
  bool include_seed;                     // the piece begins with the seed, whose length counts
  bool recital;                          // pieces of a few minutes, one after the other
  bool steady;                           // keeps the density, leaves what is stuck
  bool two_hands;                        // two hands reach the notes that start together
  bool playable;                         // a pianist can play it live
  int search;                            // branches of each phrase, of which the critic keeps one
  Key key;                               // to which the music is pulled
  std::optional<std::int64_t> keep_ms;   // interval between snapshots, the last before the ending
  const PhraseIndex* avoid;              // index that must not be quoted; must outlive the pieces
};

using Seed = std::optional<std::vector<std::uint8_t>>;  // the bytes of a MIDI file, or none

struct Music {
  std::vector<Note> notes;
  std::vector<std::int32_t> events;      // as drawn, one id per field
  std::vector<float> log_probabilities;  // nats, one per id of `events`
  std::vector<std::string> warnings;     // of reading the seed
  std::uint64_t refusals = 0;            // notes rejected because they quote
  std::optional<Snapshot> kept;          // its last snapshot, if snapshots are kept
};

// A piece to generate from its beginning.
struct GenerateTask {
  Seed seed;
  Settings settings;
};

// A piece to resume or to lengthen.
struct Extension {
  Snapshot snapshot;
  std::int64_t snapshot_length_ms = 0;   // length that the snapshot was generated for
  std::vector<std::int32_t> events;      // drawn so far, one id per field
  std::vector<float> log_probabilities;  // nats, one per id of `events`
  Settings settings;                     // of the resumed piece
};

// A sketch to complete. The settings must have its length; there is no recital.
struct SketchTask {
  Sketch sketch;
  int particles;
  Settings settings;
};

using Task = std::variant<GenerateTask, Extension, SketchTask>;

// The last saved state of a candidate under way.
struct Checkpoint {
  Snapshot snapshot;
  std::int64_t onset_ms = 0;             // of the last event
  std::vector<std::int32_t> events;      // as drawn, one id per field
  std::vector<float> log_probabilities;  // nats, one per id of `events`
};

struct Scored {
  std::vector<std::vector<float>> log_probabilities;  // nats, one per id of each event, for each control
  std::vector<std::string> warnings;
};

struct PreparedRequest;
struct Candidate;
class GeneratorPool;

// Candidates that a job's own threads generate. Destroying a job stops it.
class Job {
 public:
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  std::size_t size() const;
  std::size_t fields() const;  // of an event
  bool has_programs() const;   // whether notes may have another program than that of a piano
  // Waits for candidate `index`, at most for `timeout`, and returns whether it is done. Rethrows the
  // exception of a thread of the job.
  bool wait(std::size_t index, std::chrono::milliseconds timeout);
  Music take(std::size_t index);  // once each, when done
  // Returns the last snapshot of candidate `index` with its events from `first_event` on. Returns nothing if
  // the candidate is done, or has no new snapshot since the last call.
  std::optional<Checkpoint> snapshot(std::size_t index, std::size_t first_event);
  std::int64_t made_ms() const;  // music made so far, over all candidates
  void stop();                   // and wait until every thread has stopped

 private:
  friend class Engine;
  struct Impl;
  explicit Job(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Safe to use from several threads at once. Keeps its generators, with their sessions, for later calls.
class Engine {
 public:
  // num_threads: 0 takes one per core, to feed a GPU at most 4. Throws ModelError for a model without
  // a notation, Cancelled if a stop is requested.
  Engine(std::shared_ptr<const Runtime> runtime, std::shared_ptr<const ModelFiles> files,
         const Device& device, int num_threads, Stop& stop);
  ~Engine();

  const ModelConfig& config() const;
  int num_threads() const;
  LoopTime time() const;  // of the finished work of all threads
  // Counts the copies of row states in the finished work of all threads, see Model.
  std::uint64_t row_copies() const;

  // Starts to generate the pieces. A stop ends the preparations, not the job. Throws MidiError for a seed
  // that cannot be read, SnapshotError for a snapshot of another model, std::invalid_argument for settings
  // that do not fit.
  std::unique_ptr<Job> start(const std::vector<Task>& tasks, const Stop& stop);

  // Opens a stream (endless music) or a session (one endless piece). Throws as `start` does. Only a model of
  // notes has sessions.
  std::unique_ptr<Stream> stream(const Seed& seed, const Settings& settings, const Stop& stop);
  std::unique_ptr<Stream> stream(const Snapshot& snapshot, const Settings& settings);
  std::unique_ptr<Session> session(const Seed& seed, const Settings& settings, const Stop& stop);
  std::unique_ptr<Session> session(const Snapshot& snapshot, const Settings& settings);

  // Scores the first events of a file, at most `most`, with each of these values of the controls.
  Scored score(std::span<const std::uint8_t> midi, const std::vector<std::vector<std::int32_t>>& controls,
               std::size_t most, Stop& stop);

 private:
  std::unique_ptr<Stream> open_stream(PreparedRequest prepared);
  std::unique_ptr<Session> open_session(PreparedRequest prepared);
  void require_sessions() const;

  std::shared_ptr<GeneratorPool> pool_;
  Notation notation_;
  Device device_;
  int num_threads_;
};

}  // namespace longplay
