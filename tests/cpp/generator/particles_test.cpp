#include "generator/particles.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "support/note_fields.hpp"
#include "support/settings.hpp"

namespace longplay {
namespace {

constexpr int kParticles = 8;

ModelConfig config() {
  ModelConfig made;
  made.fields = note_fields();
  made.start_event = {8, 3, 2, 3};
  return made;
}

// Notes of one second each, with nothing but onsets and pitches, and open from the first to the last.
Request sketched(int notes) {
  Request made = request(kNoteFields, 1'000);
  made.form = one_piece(600'000);
  Sketch sketch{.notes = {}, .open = {{0, (notes - 1) * 1'000}}, .length_ms = 600'000, .added_per_second = 0};
  for (int i = 0; i < notes; ++i)
    sketch.notes.push_back(
        {.onset_ms = i * 1'000, .duration_ms = 500, .pitch = std::uint8_t{60}, .velocity = std::uint8_t{50}});
  made.sketch = std::make_shared<const Sketch>(std::move(sketch));
  made.particles = kParticles;
  return made;
}

// One request and its result.
struct One : Queue {
  explicit One(Request only) : request(std::move(only)) {}
  const Request* next() override { return std::exchange(waiting, nullptr); }
  void done(const Request&, GenerationResult drawn) override { result = std::move(drawn); }
  Request request;
  const Request* waiting = &request;
  std::optional<GenerationResult> result;
};

// What a particle draws: one event, whose only id says which particle it was, with a weight.
GenerationResult drawn(int number, double log_weight) {
  GenerationResult made;
  made.events = {number};
  made.log_weight = log_weight;
  made.state = DecodeState{};
  made.state->events_drawn = static_cast<std::uint64_t>(number);
  return made;
}

struct Started {
  ModelConfig of = config();
  Stop stop;
  One queue;
  Particles particles{queue, of, stop};

  explicit Started(int notes) : queue(sketched(notes)) { particles.done(*particles.next(), drawn(100, 0)); }

  std::vector<const Request*> span() {
    std::vector<const Request*> found;
    for (const Request* request = particles.next(); request; request = particles.next())
      found.push_back(request);
    return found;
  }
  // Draws a span in which one particle is as heavy as given, the others weigh 0 nats. Returns their random
  // seeds.
  std::vector<std::uint64_t> draw(int heavy, double nats) {
    std::vector<std::uint64_t> seeds;
    const auto requests = span();
    for (const Request* request : requests) seeds.push_back(request->random_seed);
    for (int i = 0; i < kParticles; ++i)
      particles.done(*requests.at(static_cast<std::size_t>(i)), drawn(i, i == heavy ? nats : 0));
    return seeds;
  }
};

TEST(Particles, EachHasRandomNumbersOfItsOwnInEachSpan) {
  Started started(3);
  std::set<std::uint64_t> seeds;
  for (int span = 0; span < 2; ++span) {
    for (const std::uint64_t seed : started.draw(0, 0)) seeds.insert(seed);
  }
  EXPECT_EQ(seeds.size(), 2 * kParticles);
}

TEST(Particles, OneReadsTheNotesThatAreGivenBeforeAllElse) {
  const ModelConfig of = config();
  Stop stop;
  One queue(sketched(3));
  Particles particles(queue, of, stop);
  const Request* prompt = particles.next();
  EXPECT_EQ(prompt->max_events, 0);
  EXPECT_EQ(particles.next(), nullptr);
}

TEST(Particles, WhatIsHeavySurvives) {
  Started started(3);
  started.draw(5, 20);
  for (const Request* particle : started.span()) EXPECT_EQ(particle->from->events_drawn, 5);
}

TEST(Particles, WithoutOneThatIsHeavyAllSurvive) {
  Started started(3);
  started.draw(5, 1);
  std::set<std::uint64_t> from;
  for (const Request* particle : started.span()) from.insert(particle->from->events_drawn);
  EXPECT_EQ(from.size(), kParticles);
}

TEST(Particles, TheResultIsTheHeaviestWithItsPast) {
  Started started(3);
  started.draw(5, 20);  // all of the next span continue 5
  started.draw(2, 1);   // 2 of them is the heaviest
  ASSERT_TRUE(started.queue.result);
  EXPECT_EQ(started.queue.result->events, (std::vector{5, 2}));
  EXPECT_TRUE(started.queue.result->finished);
}

TEST(Particles, AfterTheOpenStretchesAFewNotesAreWeighedAndTheRestIsGiven) {
  Request request = sketched(100);
  Sketch sketch = *request.sketch;
  sketch.open = {{0, 1'000}};
  request.sketch = std::make_shared<const Sketch>(sketch);
  const ModelConfig of = config();
  Stop stop;
  One queue(std::move(request));
  Particles particles(queue, of, stop);
  int spans = -1;  // the prompt is none
  while (const Request* first = particles.next()) {
    std::vector<const Request*> all{first};
    for (const Request* other = particles.next(); other; other = particles.next()) all.push_back(other);
    for (const Request* particle : all) particles.done(*particle, drawn(0, 0));
    ++spans;
  }
  EXPECT_EQ(spans, 32);
  ASSERT_TRUE(queue.result);
  EXPECT_EQ(queue.result->sounds.size(), 100 - 1 - 32);
  EXPECT_EQ(queue.result->sounds.front().note.onset_ms, 33'000);
}

TEST(Particles, StopBeforeTheyCopyTheState) {
  const ModelConfig of = config();
  Stop stop;
  One queue(sketched(3));
  Particles particles(queue, of, stop);
  const Request& prompt = *particles.next();
  stop.request();
  EXPECT_THROW(particles.done(prompt, drawn(0, 0)), Cancelled);
}

}  // namespace
}  // namespace longplay
