#include "generator/decode_state.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

#include "generator/archive.hpp"

namespace longplay {
namespace {

template <typename Archive>
void archive_state(Archive& archive, DecodeState& state) {
  archive(state.events_drawn, state.event, state.event_is_seed, state.state, state.prompt_event,
          state.prompt_state, state.recent);
  state.form.archive(archive);
}

void check_event(const std::vector<std::int32_t>& event, const ModelConfig& config) {
  if (event == config.start_event) return;
  bool fits = event.size() == config.fields.size();
  for (std::size_t f = 0; fits && f < event.size(); ++f) {
    const bool has_end = f == kTimeShift && !config.vocabulary;  // nothing follows an END
    const std::int32_t ids = config.fields[f].size - (has_end ? 1 : 0);
    fits = event[f] >= 0 && event[f] < ids;
  }
  if (!fits) throw SnapshotError("the snapshot's last event is not an event of the model");
}

template <typename Bits>
bool any_above(std::span<const std::byte> numbers, Bits infinity) {
  bool found = false;
  for (std::size_t at = 0; at < numbers.size(); at += sizeof(Bits)) {
    Bits bits = 0;
    std::memcpy(&bits, numbers.data() + at, sizeof bits);
    found |= static_cast<Bits>(bits & (static_cast<Bits>(-1) >> 1)) > infinity;
  }
  return found;
}

bool has_nan(std::span<const std::byte> numbers, ElementType type) {
  if (type == ElementType::float32) return any_above<std::uint32_t>(numbers, 0x7F800000);
  return type == ElementType::float16 && any_above<std::uint16_t>(numbers, 0x7C00);
}

void check_state(std::span<const std::byte> state, const ModelConfig& config) {
  std::size_t bytes = 0;
  for (const StateConfig& one : config.states) bytes += one.row_bytes();
  const bool of_two_rows = state.size() == 2 * bytes && !config.controls.empty();  // of a guided candidate
  if (state.size() != bytes && !of_two_rows) {
    throw SnapshotError("the snapshot's state must have " + std::to_string(bytes) +
                        (config.controls.empty() ? " bytes, not " : " bytes or twice as many, not ") +
                        std::to_string(state.size()));
  }
  while (!state.empty()) {
    for (const StateConfig& one : config.states) {
      const auto part = state.first(one.row_bytes());
      state = state.subspan(part.size());
      if (has_nan(part, one.type)) throw SnapshotError("the snapshot's state has a number that is NaN");
    }
  }
}

// A recital keeps the event and the state from which every piece begins.
void check_prompt(const DecodeState& state, const ModelConfig& config, const Form& form) {
  if (form.recital && state.events_drawn > 0) {
    check_event(state.prompt_event, config);
    check_state(state.prompt_state, config);
  } else if (!state.prompt_event.empty() || !state.prompt_state.empty()) {
    throw SnapshotError("the snapshot has a state for the next piece, but has drawn no event of a recital");
  }
}

void check_recent(const std::vector<std::int32_t>& recent, const ModelConfig& config) {
  const std::size_t most = config.critic ? static_cast<std::size_t>(config.critic->events) : 0;
  const std::size_t fields = config.fields.size();
  bool fits = recent.size() % fields == 0 && recent.size() / fields <= most;
  for (std::size_t i = 0; fits && i < recent.size(); ++i)
    fits = recent[i] >= 0 && recent[i] <= config.fields[i % fields].size;
  if (!fits) throw SnapshotError("the snapshot's last events do not fit the model's critic");
}

void check_counts(const DecodeState& state, const ModelConfig& config) {
  constexpr std::uint64_t kMostEvents = std::uint64_t{1} << 40;
  const std::int32_t ids = config.vocabulary ? config.fields[0].size : 128;
  const auto most_refusals = static_cast<std::uint64_t>(ids);  // for an event: one for each pitch or token
  if (state.events_drawn > kMostEvents || state.form.timeline.pieces > state.events_drawn + 1 ||
      state.form.past.quote_guard.refusals() > most_refusals * state.events_drawn) {
    throw SnapshotError("the snapshot's counts of events are out of range");
  }
}

// Tick 0 may lie before the music, by no more than the prompt takes.
bool is_valid(const TokenState& tokens, const Vocabulary& vocabulary, std::int64_t onset_ms) {
  return vocabulary.is_valid(tokens.now) && vocabulary.is_valid(tokens.prompt) &&
         tokens.origin_ms >= -vocabulary.ms(tokens.prompt, Clock::kMaxTicks) &&
         tokens.origin_ms <= onset_ms && tokens.idle <= 4 * FormRules::kMostIdleTokens;
}

void check_form(const FormState& state, const Notation& notation, const Form& form) {
  try {
    state.timeline.validate(form);
  } catch (const std::invalid_argument& problem) {
    throw SnapshotError(std::string("the snapshot's form state is invalid: ") + problem.what());
  }
  const std::int64_t onset = state.timeline.onset;
  const Past& past = state.past;
  if (!past.loop_guard.is_valid(static_cast<std::int32_t>(notation.pitches().size())))
    throw SnapshotError("the snapshot's pitches are not pitches of the model");
  if (!past.steering.is_valid(onset))
    throw SnapshotError("the snapshot's averages of notes are out of range");
  if (!past.hands.is_valid(onset) || !past.pianist.is_valid(onset) || !past.stuck_guard.is_valid(onset) ||
      !past.quote_guard.is_valid(onset))
    throw SnapshotError("the snapshot's last notes are out of range");
  if (!past.key_pull.is_valid()) throw SnapshotError("the snapshot's key is out of range");
  if (state.tokens && !is_valid(*state.tokens, *notation.vocabulary(), onset))
    throw SnapshotError("the snapshot's tokens are out of range");
}

}  // namespace

std::vector<std::byte> pack(DecodeState state) {
  ArchiveWriter writer;
  archive_state(writer, state);
  return writer.take();
}

DecodeState unpack(std::span<const std::byte> bytes, const ModelConfig& config, const Notation& notation,
                   const Form& form) {
  DecodeState state;
  if (notation.vocabulary()) state.form.tokens.emplace();
  ArchiveReader reader(bytes);
  archive_state(reader, state);
  if (reader.left() > 0) throw SnapshotError("the snapshot's decode state has bytes left over");
  check_event(state.event, config);
  check_state(state.state, config);
  check_prompt(state, config, form);
  check_recent(state.recent, config);
  check_counts(state, config);
  check_form(state.form, notation, form);
  return state;
}

}  // namespace longplay
