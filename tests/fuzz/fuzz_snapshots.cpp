// A snapshot with a right digest and any other bytes is refused with a SnapshotError, or music resumes from
// it.
//
// The input begins with the number of a good snapshot. Changes to the snapshot follow, each with its kind and
// its offset.
#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>

#include "engine/engine.hpp"
#include "engine/generator_pool.hpp"
#include "engine/job.hpp"
#include "engine/prepared_request.hpp"
#include "input.hpp"

namespace longplay {
namespace {

enum class Kind { piece, stream, session };

struct Saved {
  Kind kind;
  Extension extension;  // of a stream and a session, its snapshot and settings alone
};

std::shared_ptr<const ModelFiles> files() {
  ModelFiles made;
  ModelConfig& config = made.config;
  config.name = "double";
  config.fields = {{"time_shift", 9, {0, 10, 50, 100, 250, 500, 1000, 3000}},
                   {"pitch", 24, {}},
                   {"velocity", 3, {40, 80, 100}},
                   {"duration", 4, {50, 200, 1000, 30'000}}};
  for (std::int32_t pitch = 50; pitch < 74; ++pitch) config.fields[1].values.push_back(pitch);
  config.start_event = {9, 24, 3, 4};
  config.context_width = 1;
  config.controls = {{"remaining", 4, 3, {5000, 30'000}, {}}, {"style", 2, 0, {}, {"unknown", "waltz"}}};
  config.states = {{"h", "next_h", ElementType::float32, {5}}};
  config.notes_per_second = Band{2, 4};
  return std::make_shared<const ModelFiles>(std::move(made));
}

Stop never;

struct Parts {
  Engine engine{nullptr, files(), Device{}, 1, never};
  GeneratorPool pool{nullptr, files(), Device{}};  // of pieces, without a job's threads
  Notation notation{engine.config()};
};

Parts& parts() {
  static Parts all;
  return all;
}

Engine& engine() { return parts().engine; }

Candidate candidate(const Task& task) {
  return make_candidate(parts().notation, engine().config(), task, never);
}

void draw(Candidate& piece, std::uint64_t events) {
  piece.max_events = events;
  piece.validate(engine().config());
  const Request& request = piece;
  piece.take(parts().pool.run(std::span(&request, 1), never).front());
}

// 200 intervals, which music often quotes.
const PhraseIndex& index() {
  static const std::vector<Symbol> symbols = [] {
    std::vector<Symbol> made(200);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<Symbol>(kUnison + i * i % 7 - 3);
    return made;
  }();
  static const std::vector<std::uint32_t> sorted = sort_phrases(symbols, never);
  static const PhraseIndex made(symbols, sorted);
  return made;
}

Settings settings(bool recital, bool guided) {
  Settings made{};
  made.search = 1;
  made.length_ms = recital ? 400'000 : 90'000;
  made.random_seed = 3;
  made.params.assign(4, kSamplingOff);
  made.bias.resize(4);
  made.controls = {3, guided ? 1 : 0};
  made.guidance_scale = guided ? 2 : 1;
  made.recital = recital;
  made.include_seed = !recital;
  made.avoid = recital ? &index() : nullptr;
  return made;
}

std::vector<Saved> make_saved() {
  const std::vector<Note> notes{
      {0, 300, 60, 80}, {200, 900, 64, 70}, {200, 400, 67, 70}, {600, 30'000, 72, 90}};
  const Seed seed = write_score(notes, 40'000, {});
  std::vector<Saved> saved;
  for (const int number : {0, 1, 2, 3}) {
    Settings made_with = settings(number % 2 == 0, number / 2 == 0);
    for (const std::uint64_t events : {0, 20, 900}) {
      const auto stream = engine().stream(seed, made_with, never);
      stream->draw(events, never);
      saved.push_back({Kind::stream, {stream->save(never), 0, {}, {}, made_with}});
      const auto session = engine().session(seed, made_with, never);
      for (std::uint64_t i = 0; i < events; ++i) session->next({}, never);
      saved.push_back({Kind::session, {session->save(never), 0, {}, {}, made_with}});
    }
    made_with.keep_ms = made_with.length_ms;
    for (const std::uint64_t events : {0, 30}) {
      Candidate piece = candidate(GenerateTask{seed, made_with});
      draw(piece, events);
      const Music& music = piece.music;
      saved.push_back({Kind::piece,
                       {*music.kept, made_with.length_ms, music.events, music.log_probabilities, made_with}});
    }
  }
  return saved;
}

template <typename T>
void change_one(std::vector<T>& values, Input& input) {
  if (!values.empty()) values[input.below(values.size())] = static_cast<T>(input.number(sizeof(T)));
}

void change(Extension& extension, Input& input) {
  std::vector<std::byte>& state = extension.snapshot.state;
  const std::size_t kind = input.number() % 10;
  const std::size_t at = kind < 6 ? input.below(state.size()) : 0;
  const auto from = state.begin() + static_cast<std::ptrdiff_t>(at);
  constexpr std::size_t kWidths[] = {1, 4, 8};
  if (kind < 3) {
    const std::size_t width = std::min(kWidths[kind], state.size() - at);
    const std::uint64_t value = input.number(width);
    for (std::size_t i = 0; i < width; ++i) state[at + i] = static_cast<std::byte>(value >> (8 * i));
  } else if (kind == 3) {  // a number goes up or down a little
    if (at < state.size())
      state[at] = static_cast<std::byte>(std::to_integer<int>(state[at]) + input.number() - 128);
  } else if (kind == 4) {
    state.erase(from,
                from + static_cast<std::ptrdiff_t>(std::min<std::size_t>(input.number(), state.size() - at)));
  } else if (kind == 5) {
    state.insert(from, input.number(), std::byte{1});
  } else if (kind == 6) {
    extension.snapshot.events = input.number(8);
  } else if (kind == 7) {
    std::vector<Note>& notes = extension.snapshot.notes;
    if (notes.empty() || input.number() % 4 == 0) notes.insert(notes.begin(), Note{0, 1, 60, 1});
    Note& note = notes[input.below(notes.size())];
    note = {.onset_ms = static_cast<std::int64_t>(input.number(8)),
            .duration_ms = static_cast<std::int64_t>(input.number(8)),
            .pitch = static_cast<std::uint8_t>(input.number()),
            .velocity = static_cast<std::uint8_t>(input.number())};
  } else if (kind == 8) {
    change_one(extension.events, input);
    if (input.number() % 2 == 0) change_one(extension.log_probabilities, input);
  } else {
    extension.snapshot_length_ms = static_cast<std::int64_t>(input.number(8));
  }
}

void go_on(Stream& stream) {
  stream.draw(2, never);
  stream.draw(3, never);
}

void go_on(Session& session) {
  const Note note = session.next({}, never);
  session.feed({note.onset_ms + 7, 300, 60, 70}, never);
  session.next({}, never);
}

void try_out(const Saved& saved) {
  const Extension& extension = saved.extension;
  std::unique_ptr<Stream> stream;
  std::unique_ptr<Session> session;
  std::optional<Candidate> piece;
  try {
    if (saved.kind == Kind::stream) stream = engine().stream(extension.snapshot, extension.settings);
    if (saved.kind == Kind::session) session = engine().session(extension.snapshot, extension.settings);
    if (saved.kind == Kind::piece) piece = candidate(extension);
  } catch (const SnapshotError&) {
    return;
  } catch (const std::invalid_argument&) {  // a piece would become shorter than it is
    require(saved.kind == Kind::piece);
    return;
  }
  try {
    if (stream) go_on(*stream);
    if (session) go_on(*session);
    if (piece) draw(*piece, 5);
  } catch (const Error&) {  // the greatest length, or every pitch would quote
  }
}

}  // namespace
}  // namespace longplay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<longplay::Saved> saved = longplay::make_saved();
  longplay::Input input({data, size});
  longplay::Saved changed = saved[input.number() % saved.size()];
  while (!input.is_empty()) longplay::change(changed.extension, input);
  longplay::try_out(changed);
  return 0;
}
