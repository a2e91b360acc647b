#include "engine/prepared_request.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "generator/decode_state.hpp"

namespace longplay {
namespace {

// A chord has at most as many notes as the model has pitches.
Form capped(Form form, std::size_t pitches) {
  form.max_chord = static_cast<int>(std::min<std::size_t>(pitches, static_cast<std::size_t>(form.max_chord)));
  return form;
}

Request make_request(const Settings& settings, const Form& form, std::size_t pitches) {
  return {.random_seed = settings.random_seed,
          .candidate = settings.candidate,
          .params = settings.params,
          .bias = settings.bias,
          .controls = settings.controls,
          .guidance_scale = settings.guidance_scale,
          .form = capped(form, pitches),
          .max_events = std::numeric_limits<std::uint64_t>::max(),
          .search = settings.search};
}

KeyPull key_pull(const Key& key, std::span<const Note> seed) {
  if (const auto* named = std::get_if<NamedKey>(&key))
    return KeyPull(KeyPull::of_key(named->tonic, named->minor), FormRules::kNamedAim);
  return std::holds_alternative<KeyOfSeed>(key) ? KeyPull(KeyPull::of_notes(seed)) : KeyPull();
}

// Returns the form of music that begins with these notes.
Form after(const std::vector<Note>& before, Form form) {
  if (before.empty()) return form;
  form.starts_at_once = false;
  form.start_ms = before.back().onset_ms;
  const auto chord = std::ranges::count(before, form.start_ms, &Note::onset_ms);
  form.start_chord = static_cast<int>(std::min<std::ptrdiff_t>(chord, form.max_chord));
  for (const Note& note : before) form.sounding.strike(note);
  const std::int64_t shortest = form.start_ms + form.last_onset_ms;
  if (form.length_ms < shortest) {
    refuse("the length must be at least " + std::to_string(shortest) + " ms, " +
           std::to_string(form.last_onset_ms) + " ms after the seed's last note, not " +
           std::to_string(form.length_ms) + " ms");
  }
  return form;
}

// Returns a guard against loops that has taken the notes that the model plays.
LoopGuard loop_guard_after(const std::vector<Note>& before, std::span<const std::int32_t> pitches) {
  LoopGuard guard;
  std::int64_t onset = 0;
  for (const Note& note : before) {
    if (note.onset_ms > std::exchange(onset, note.onset_ms)) guard.next_onset();
    const auto at = std::ranges::lower_bound(pitches, note.pitch);
    if (at != pitches.end() && *at == note.pitch) guard.push(static_cast<std::int32_t>(at - pitches.begin()));
  }
  return guard;
}

// Begins the music with the notes before it.
void begin_with(PreparedRequest& prepared, std::span<const std::int32_t> pitches) {
  Request& request = prepared.request;
  request.form = after(prepared.before, *request.form);
  request.past.loop_guard = loop_guard_after(prepared.before, pitches);
  for (const Note& note : prepared.before) request.past.push(note);
}

// The given notes whose pitch is given.
std::vector<Note> pitched(const Sketch& sketch) {
  std::vector<Note> notes;
  for (const SketchNote& note : sketch.notes) {
    if (note.pitch) notes.push_back(note.with({}));
  }
  return notes;
}

void check_notes(const std::vector<Note>& notes, std::int64_t latest_ms) {
  std::int64_t earliest = 0;
  for (const Note& note : notes) {
    if (note.onset_ms < earliest || note.onset_ms > latest_ms || note.duration_ms < 1 ||
        note.duration_ms > ScoreLimits::kMaxMilliseconds || note.pitch > 127 || note.velocity < 1 ||
        note.velocity > 127 || note.program >= Note::kPrograms) {
      throw SnapshotError("the snapshot's notes are out of order or range");
    }
    earliest = note.onset_ms;
  }
}

// Throws SnapshotError unless the events of an unfinished piece are events of the model, as many as its state
// has drawn.
void check_events(const ModelConfig& config, const Extension& extension, const DecodeState& state) {
  const std::vector<std::int32_t>& ids = extension.events;
  const std::size_t fields = config.fields.size();
  if (ids.size() % fields != 0 || ids.size() != extension.log_probabilities.size()) {
    throw SnapshotError("the snapshot's events must have " + std::to_string(fields) +
                        " ids and log-probabilities each");
  }
  if (std::ranges::any_of(extension.log_probabilities, [](float nats) { return std::isnan(nats); }))
    throw SnapshotError("the snapshot's log-probabilities must be numbers, not NaN");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= config.fields[i % fields].size)
      throw SnapshotError("the snapshot's events are not events of the model");
  }
  if (ids.size() / fields != state.events_drawn)
    throw SnapshotError("the snapshot's events do not lead to its decode state");
}

// Returns what is heard of the events of an unfinished piece of notes. They must lead to `state`. Only the
// planned end of a piece depends on the length.
std::vector<Sound> replay(const Tokenizer& tokenizer, const Extension& extension, const DecodeState& state) {
  const Form form =
      after(extension.snapshot.notes, capped(stream_form(extension.settings), tokenizer.pitches().size()));
  std::optional<Heard> heard = hear_notes(tokenizer, form, extension.events);
  if (!heard) throw SnapshotError("the snapshot's piece is over");
  heard->after.piece_end = state.form.timeline.piece_end;
  if (heard->after != state.form.timeline)
    throw SnapshotError("the snapshot's events do not lead to its decode state");
  return std::move(heard->sounds);
}

}  // namespace

Form piece_form(const Settings& settings) {
  return {.length_ms = settings.length_ms,
          .recital = settings.recital,
          .steady = settings.steady,
          .two_hands = settings.two_hands,
          .playable = settings.playable};
}

Form stream_form(const Settings& settings) {
  Form form = piece_form(settings);
  form.length_ms = Form::kEndless;
  return form;
}

// One piece, without clips, since no file is cut.
Form sketch_form(const Settings& settings) {
  Form form = piece_form(settings);
  form.recital = false;
  form.starts_at_once = false;
  form.clip_ms = 0;
  form.last_onset_ms = 0;
  return form;
}

// One piece, without clips, since no file is cut, and without steering and hands, which are the player's.
Form session_form() {
  return {.length_ms = Form::kEndless,
          .recital = false,
          .steady = false,
          .two_hands = false,
          .playable = false,
          .clip_ms = 0};
}

Score read_seed(std::span<const std::uint8_t> bytes, const Stop& stop) {
  Score score = read_score(bytes, {.sustain = true, .keep_drums = false, .piano_only = false}, stop);
  const std::int64_t first = score.notes.empty() ? 0 : score.notes.front().onset_ms;
  for (Note& note : score.notes) note.onset_ms -= first;
  return score;
}

std::vector<std::int32_t> encode_seed(const Notation& notation, Score& seed) {
  std::vector<std::int32_t> events = notation.encode(seed.notes);
  const auto played = static_cast<std::size_t>(std::ranges::count_if(seed.notes, [&](const Note& note) {
    return std::ranges::binary_search(notation.pitches(), note.pitch);
  }));
  const std::size_t skipped = seed.notes.size() - played;
  if (seed.notes.empty()) {
    seed.warnings.emplace_back("The seed has no notes that a piano plays.");
  } else if (played == 0) {
    seed.warnings.push_back("The seed has no notes that the model plays: " + std::to_string(skipped) +
                            " of " + std::to_string(skipped) + " are outside the model's keys.");
  } else if (skipped > 0) {
    seed.warnings.push_back("The model skips " + std::to_string(skipped) + " of the seed's " +
                            std::to_string(seed.notes.size()) + " notes because they are outside its keys.");
  }
  return events;
}

PreparedRequest prepare(const Notation& notation, const Seed& seed, const Settings& settings,
                        const Form& form, const Stop& stop) {
  Score score = seed ? read_seed(*seed, stop) : Score{};
  std::vector<std::int32_t> prompt;
  if (seed) prompt = encode_seed(notation, score);
  PreparedRequest prepared{
      make_request(settings, form, notation.pitches().size()), {}, std::move(score.warnings)};
  Past& past = prepared.request.past;
  past.quote_guard = QuoteGuard(settings.avoid);
  const std::vector<Note> played = notation.decode(prompt);
  prepared.request.prompt = std::move(prompt);
  past.key_pull = key_pull(settings.key, played);
  past.steering = Steering(played);
  if (settings.include_seed) {
    prepared.before = std::move(score.notes);
    begin_with(prepared, notation.pitches());
  }
  return prepared;
}

PreparedRequest prepare(const Notation& notation, const SketchTask& task) {
  if (!notation.tokenizer())
    refuse("the model must be one of notes for a sketch, because the tokens of a vocabulary are not notes");
  const Settings& settings = task.settings;
  const Sketch& sketch = task.sketch;
  sketch.validate(*notation.tokenizer());
  require_range("length_ms", settings.length_ms, sketch.length_ms, sketch.length_ms);
  PreparedRequest prepared{make_request(settings, sketch_form(settings), notation.pitches().size()), {}, {}};
  Request& request = prepared.request;
  for (std::size_t i = 0; i < sketch.fixed_head(); ++i) prepared.before.push_back(sketch.notes[i].with({}));
  request.prompt = notation.encode(prepared.before);
  request.sketch = std::make_shared<const Sketch>(sketch);
  request.particles = task.particles;
  request.past.quote_guard = QuoteGuard(settings.avoid);
  request.past.key_pull = key_pull(settings.key, pitched(sketch));
  begin_with(prepared, notation.pitches());
  return prepared;
}

PreparedRequest resume(const Notation& notation, const ModelConfig& config, const Snapshot& snapshot,
                       const Settings& settings, const Form& form) {
  PreparedRequest prepared{make_request(settings, form, notation.pitches().size()), snapshot.notes, {}};
  prepared.request.from = unpack(snapshot.state, config, notation, *prepared.request.form);
  if (snapshot.events != prepared.request.from->events_drawn)
    throw SnapshotError("the snapshot and its decode state must have the same number of events");
  prepared.request.from->form.past.quote_guard.watch(settings.avoid);
  check_notes(prepared.before, prepared.request.from->form.timeline.onset);
  return prepared;
}

namespace {

Candidate make_candidate(PreparedRequest prepared, const Settings& settings) {
  Candidate candidate(std::move(prepared.request), settings.length_ms, settings.keep_ms);
  for (const Note& note : prepared.before) candidate.assembler.add(note);
  candidate.before = std::move(prepared.before);
  candidate.music.warnings = std::move(prepared.warnings);
  return candidate;
}

// The notes of a piece of tokens are all in its snapshot; those of a piece of notes are its events.
Candidate extend(const Notation& notation, const ModelConfig& config, const Extension& extension) {
  const Settings& settings = extension.settings;
  if (settings.length_ms < extension.snapshot_length_ms) {
    refuse("the length must be at least the snapshot's own " + std::to_string(extension.snapshot_length_ms) +
           " ms, not " + std::to_string(settings.length_ms) + " ms");
  }
  Form form = piece_form(settings);
  form.length_ms = extension.snapshot_length_ms;
  PreparedRequest prepared = resume(notation, config, extension.snapshot, settings, form);
  Request& request = prepared.request;
  check_events(config, extension, *request.from);
  GenerationResult drawn;
  if (notation.tokenizer()) drawn.sounds = replay(*notation.tokenizer(), extension, *request.from);
  drawn.events = extension.events;
  drawn.log_probabilities = extension.log_probabilities;
  request.form->length_ms = settings.length_ms;
  if (settings.length_ms != extension.snapshot_length_ms) {
    TimelineState& state = request.from->form.timeline;
    Timeline timeline(*request.form, request.random_seed, request.candidate, state);
    timeline.replan_end();
    state = timeline.state();
  }
  Candidate candidate = make_candidate(std::move(prepared), settings);
  candidate.take(std::move(drawn));
  return candidate;
}

}  // namespace

Candidate make_candidate(const Notation& notation, const ModelConfig& config, const Task& task,
                         const Stop& stop) {
  if (const auto* sketch = std::get_if<SketchTask>(&task))
    return make_candidate(prepare(notation, *sketch), sketch->settings);
  if (const auto* extension = std::get_if<Extension>(&task)) return extend(notation, config, *extension);
  const auto& [seed, settings] = std::get<GenerateTask>(task);
  return make_candidate(prepare(notation, seed, settings, piece_form(settings), stop), settings);
}

}  // namespace longplay
