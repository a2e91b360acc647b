#include "engine/prepared_request.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "generator/decode_state.hpp"

namespace longplay {
namespace {

Request make_request(const Settings& settings, const Form& form) {
  Request request;
  request.random_seed = settings.random_seed;
  request.candidate = settings.candidate;
  request.params = settings.params;
  request.bias = settings.bias;
  request.controls = settings.controls;
  request.guidance_scale = settings.guidance_scale;
  request.form = form;
  request.quote_guard = QuoteGuard(settings.avoid);
  request.max_events = std::numeric_limits<std::uint64_t>::max();
  return request;
}

// Returns the form of music that begins with these notes.
Form after(const std::vector<Note>& before, Form form) {
  if (before.empty()) return form;
  form.starts_at_once = false;
  form.start_ms = before.back().onset_ms;
  for (const Note& note : before) {
    form.sounding_until_ms = std::max(form.sounding_until_ms, note.onset_ms + note.duration_ms);
  }
  if (form.start_ms >= form.length_ms) {
    throw std::invalid_argument("the length must be more than the seed's own " +
                                std::to_string(form.start_ms) + " ms, not " + std::to_string(form.length_ms) +
                                " ms");
  }
  return form;
}

void check_notes(const std::vector<Note>& notes, std::int64_t latest_ms) {
  std::int64_t earliest = 0;
  for (const Note& note : notes) {
    if (note.onset_ms < earliest || note.onset_ms > latest_ms || note.duration_ms < 1 ||
        note.duration_ms > ScoreLimits::kMaxMilliseconds || note.pitch > 127 || note.velocity < 1 ||
        note.velocity > 127) {
      throw SnapshotError("the snapshot's notes are out of order or range");
    }
    earliest = note.onset_ms;
  }
}

// Returns the events of an unfinished piece with their onsets. Only the end of the last piece depends on the
// length.
GenerationResult replay(const Tokenizer& tokenizer, const ModelConfig& config, const Extension& extension) {
  const std::vector<std::int32_t>& ids = extension.events;
  if (ids.size() % kNoteFields != 0 || ids.size() != extension.log_probabilities.size()) {
    throw SnapshotError("the snapshot's events must have four ids and log-probabilities each");
  }
  const Form form = after(extension.snapshot.notes, stream_form(extension.settings));
  Timeline timeline(tokenizer, form, 0, 0);
  GenerationResult drawn;
  drawn.events = ids;
  drawn.log_probabilities = extension.log_probabilities;
  for (std::size_t i = 0; i < ids.size(); i += kNoteFields) {
    for (std::size_t f = 0; f < kNoteFields; ++f) {
      const std::int32_t highest = f == 0 ? tokenizer.end_id() : config.fields[f].size - 1;
      if (ids[i + f] < 0 || ids[i + f] > highest) {
        throw SnapshotError("the snapshot's events are not events of the model");
      }
    }
    if (timeline.advance(note_event(std::span(ids).subspan(i, kNoteFields))) == Advance::finished) {
      throw SnapshotError("the snapshot's piece is over");
    }
    drawn.onsets_ms.push_back(timeline.onset_ms());
  }
  return drawn;
}

}  // namespace

Form piece_form(const Settings& settings) {
  return {.length_ms = settings.length_ms, .recital = settings.recital, .steady = settings.steady};
}

Form stream_form(const Settings& settings) {
  return {.length_ms = Form::kEndless, .recital = settings.recital, .steady = settings.steady};
}

// One piece, without clips, since no file is cut, and without steering, which is the player's part.
Form session_form() { return {.length_ms = Form::kEndless, .recital = false, .steady = false, .clip_ms = 0}; }

std::vector<std::int32_t> flat(const std::vector<NoteEvent>& events) {
  std::vector<std::int32_t> ids;
  ids.reserve(kNoteFields * events.size());
  for (const NoteEvent& event : events) ids.insert(ids.end(), event.begin(), event.end());
  return ids;
}

Score read_seed(std::span<const std::uint8_t> bytes) {
  Score score = read_score(bytes);
  const std::int64_t first = score.notes.empty() ? 0 : score.notes.front().onset_ms;
  for (Note& note : score.notes) note.onset_ms -= first;
  return score;
}

std::vector<std::int32_t> encode_seed(const Tokenizer& tokenizer, Score& seed) {
  std::vector<std::int32_t> ids = flat(tokenizer.encode(seed.notes));
  const std::size_t played = ids.size() / kNoteFields;
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
  return ids;
}

PreparedRequest prepare(const Tokenizer& tokenizer, const Seed& seed, const Settings& settings,
                        const Form& form) {
  Score score = seed ? read_seed(*seed) : Score{};
  std::vector<std::int32_t> prompt;
  if (seed) prompt = encode_seed(tokenizer, score);
  PreparedRequest prepared{make_request(settings, form), {}, std::move(score.warnings)};
  prepared.request.prompt = std::move(prompt);
  if (settings.include_seed) {
    prepared.before = std::move(score.notes);
    prepared.request.form = after(prepared.before, form);
    for (const Note& note : prepared.before) prepared.request.quote_guard.push(note.pitch, note.onset_ms);
  }
  return prepared;
}

PreparedRequest resume(const ModelConfig& config, const Snapshot& snapshot, const Settings& settings,
                       const Form& form) {
  PreparedRequest prepared{make_request(settings, form), snapshot.notes, {}};
  prepared.request.from = unpack(snapshot.state, config, form);
  prepared.request.from->form.quote_guard.watch(settings.avoid);
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

Candidate extend(const Tokenizer& tokenizer, const ModelConfig& config, const Extension& extension) {
  const Settings& settings = extension.settings;
  if (settings.length_ms < extension.snapshot_length_ms) {
    throw std::invalid_argument("the length must be at least the snapshot's own " +
                                std::to_string(extension.snapshot_length_ms) + " ms, not " +
                                std::to_string(settings.length_ms) + " ms");
  }
  const Form form = piece_form(settings);
  PreparedRequest prepared = resume(config, extension.snapshot, settings, form);
  GenerationResult drawn = replay(tokenizer, config, extension);
  Request& request = prepared.request;
  TimelineState& state = request.from->form.timeline;
  if (drawn.onsets_ms.size() != request.from->events_drawn ||
      (!drawn.onsets_ms.empty() && drawn.onsets_ms.back() != state.onset)) {
    throw SnapshotError("the snapshot's events do not lead to its decode state");
  }
  if (settings.length_ms != extension.snapshot_length_ms) {
    Timeline timeline(tokenizer, form, request.random_seed, request.candidate, state);
    timeline.replan_end();
    state = timeline.state();
  }
  Candidate candidate = make_candidate(std::move(prepared), settings);
  candidate.take(tokenizer, std::move(drawn));
  return candidate;
}

}  // namespace

Candidate make_candidate(const Tokenizer& tokenizer, const ModelConfig& config, const Task& task) {
  if (const auto* extension = std::get_if<Extension>(&task)) return extend(tokenizer, config, *extension);
  const auto& [seed, settings] = std::get<GenerateTask>(task);
  return make_candidate(prepare(tokenizer, seed, settings, piece_form(settings)), settings);
}

}  // namespace longplay
