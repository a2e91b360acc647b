#include "events/vocabulary.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "base/require.hpp"
#include "events/sampling.hpp"
#include "score/score.hpp"

namespace longplay {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kMsUs = 1'000;
constexpr int kNever = std::numeric_limits<int>::max() - 1;

bool in(std::int64_t value, std::int64_t low, std::int64_t high) { return value >= low && value <= high; }

}  // namespace

Vocabulary::Vocabulary(const VocabularyConfig& config)
    : ticks_per_beat_(config.ticks_per_beat), scaled_(config.scaled) {
  if (config.tick_ms > 0) {
    begin_.tick_length = config.tick_ms;
  } else if (config.uses(Operation::tempo)) {
    const std::int64_t usual = (kMinuteMs * kMsUs + config.beats_per_minute / 2) / config.beats_per_minute;
    begin_.tick_length = config.tempo > 0 ? config.tempo : usual;
    parts_ = kMsUs * config.ticks_per_beat;
  } else {
    begin_.tick_length = kMinuteMs;
    parts_ = std::int64_t{config.beats_per_minute} * config.ticks_per_beat;
  }
  if (config.tick_ms == 0) begin_.bar_length = config.bar_ticks(config.meter[0], config.meter[1]);
  begin_.beat = config.meter[1];
  begin_.velocity = config.velocity;
  begin_.duration = config.duration;
  add_types(config);
  add_tokens(config);
  add_programs(config);
  link(config);
}

// The programs that tokens set, ascending, and that of the beginning.
void Vocabulary::add_programs(const VocabularyConfig& config) {
  programs_.push_back(static_cast<std::uint8_t>(config.program));
  for (const Type& type : types_)
    for (const VocabularyOperation& operation : type.operations)
      if (operation.kind == Operation::program)
        for (const std::int32_t id : type.ids)
          programs_.push_back(static_cast<std::uint8_t>(value_of(operation, id)));
  std::ranges::sort(programs_);
  programs_.erase(std::unique(programs_.begin(), programs_.end()), programs_.end());
  for (std::size_t voice = 0; voice < programs_.size(); ++voice)
    voices_[programs_[voice]] = static_cast<std::uint8_t>(voice);
  begin_.voice = voices_[static_cast<std::size_t>(config.program)];
  begin_.struck.resize(2 * programs_.size());
  begin_.pressed.resize(128 * programs_.size());
}

void Vocabulary::add_types(const VocabularyConfig& config) {
  using enum Operation;
  for (const VocabularyType& declared : config.types) {
    Type& type = types_.emplace_back();
    type.operations = declared.operations;
    type.only = declared.only;
    for (const auto& [kind, constant] : type.operations) {
      type.moves |= kind == advance || kind == bar || kind == seek || kind == rest;
      type.seeks |= kind == bar || kind == seek;
      type.names |= kind == pitch;
      type.strikes |= kind == emit || kind == press;
      type.releases |= kind == release || kind == release_last;
      type.lengthens |= kind == duration;
      type.ends |= kind == end;
    }
    type.chooses = type.names && (type.strikes || !type.releases);
  }
}

void Vocabulary::add_tokens(const VocabularyConfig& config) {
  std::map<std::string, std::size_t> index;
  for (std::size_t t = 0; t < config.types.size(); ++t) index.emplace(config.types[t].name, t);
  for (const VocabularyToken& declared : config.tokens) {
    const std::size_t type = index.at(declared.type);
    types_[type].ids.push_back(static_cast<std::int32_t>(tokens_.size()));
    tokens_.push_back({type, values_.size(), declared.values.size()});
    values_.insert(values_.end(), declared.values.begin(), declared.values.end());
    if (types_[type].names) pitches_.insert(pitches_.end(), declared.values.begin(), declared.values.end());
  }
  std::ranges::sort(pitches_);
  pitches_.erase(std::unique(pitches_.begin(), pitches_.end()), pitches_.end());
  for (const std::int32_t value : values_)
    indices_.push_back(
        static_cast<std::int32_t>(std::ranges::lower_bound(pitches_, value) - pitches_.begin()));
  const auto successors = [&](const std::vector<std::string>& names) {
    std::vector<std::size_t> found;
    for (const std::string& name : names)
      if (!types_[index.at(name)].ids.empty()) found.push_back(index.at(name));
    return found;
  };
  first_ = successors(config.first);
  for (std::size_t t = 0; t < types_.size(); ++t) types_[t].then = successors(config.types[t].then);
}

void Vocabulary::link(const VocabularyConfig& config) {
  const auto row = [&](const std::vector<std::size_t>& then) {
    std::vector<float> bias(tokens_.size(), kForbidden);
    for (const std::size_t type : then)
      for (const std::int32_t id : types_[type].ids) bias[static_cast<std::size_t>(id)] = 0;
    return bias;
  };
  rows_.push_back(row(first_));
  for (const Type& type : types_) rows_.push_back(row(type.then));
  for (Type& type : types_) type.to_progress = kNever;
  for (Type& type : types_) type.commits = !type.then.empty();
  for (std::size_t rounds = 0; rounds < config.types.size(); ++rounds) {
    for (Type& type : types_) {
      for (const std::size_t next : type.then) {
        const bool is_progress = types_[next].moves || types_[next].strikes;
        type.to_progress = std::min(type.to_progress, is_progress ? 1 : types_[next].to_progress + 1);
        const bool needs_note = types_[next].chooses || types_[next].strikes;
        if (types_[next].moves || types_[next].ends || (!needs_note && !types_[next].commits))
          type.commits = false;
      }
    }
  }
}

bool Vocabulary::is_valid(const Registers& at) const {
  const auto voices = static_cast<std::int64_t>(programs_.size());
  return is_valid(static_cast<const Clock&>(at)) &&
         in(at.type, -1, static_cast<std::int64_t>(types_.size()) - 1) &&
         in(at.pitch, -1, static_cast<std::int64_t>(tokens_.size()) - 1) &&
         (at.pitch < 0 || types_[type_of(at.pitch)].names) && in(at.velocity, 1, 127) &&
         in(at.duration, 1, 4 * VocabularyConfig::kMaxTicks) && in(at.voice, 0, voices - 1) &&
         in(at.last_strike, -1, at.time) && at.struck.size() == begin_.struck.size() &&
         at.pressed.size() == begin_.pressed.size();
}

bool Vocabulary::is_valid(const Clock& at) const {
  const std::int64_t most = Clock::kMaxTicks;
  return in(at.time, 0, most) && in(at.bar_start, 0, at.time) && in(at.seek_from, 0, at.time + 1) &&
         in(at.latest_end, 0, most + 4 * VocabularyConfig::kMaxTicks) && in(at.beat, 1, 64) &&
         in(at.tick_length, 1, (std::int64_t{1} << 24) - 1) && in(at.tempo_from, 0, at.time) &&
         in(at.tempo_parts, 0, std::int64_t{1} << 61) &&
         (begin_.bar_length == 0 ? at.bar_length == 0 : in(at.bar_length, 1, std::int64_t{1} << 30));
}

// The condition of a whole type touches the tokens of that type only.
void Vocabulary::constrain(const Registers& at, std::span<float> bias) const {
  const std::vector<float>& row = rows_[static_cast<std::size_t>(at.type + 1)];
  for (std::size_t id = 0; id < row.size(); ++id) bias[id] += row[id];
  for (const std::size_t next : next_types(at)) {
    for (const Condition condition : types_[next].only)
      for (const std::int32_t id : types_[next].ids)
        if (!admits(at, id, condition)) bias[static_cast<std::size_t>(id)] = kForbidden;
  }
}

// A position must lie in the bar, behind the position before it.
bool Vocabulary::is_later(const Clock& at, std::int32_t id) const {
  for (const VocabularyOperation& operation : types_[type_of(id)].operations) {
    if (operation.kind != Operation::seek) continue;
    const std::int64_t ticks = scaled(at, value_of(operation, id));
    return ticks < at.bar_length && at.bar_start + ticks >= at.seek_from;
  }
  return time_after(at, id) > at.time;
}

std::int64_t Vocabulary::time_after(const Clock& at, std::int32_t id) const {
  Clock moved = at;
  for (const VocabularyOperation& operation : types_[type_of(id)].operations)
    move(moved, operation.kind, value_of(operation, id));
  return moved.time;
}

std::int64_t Vocabulary::value_of(const VocabularyOperation& operation, std::int32_t id) const {
  if (operation.constant) return *operation.constant;
  const Token& token = tokens_[static_cast<std::size_t>(id)];
  return token.count == 0 ? 0 : values_[token.first];
}

void Vocabulary::move(Clock& at, Operation kind, std::int64_t value) const {
  if (kind == Operation::advance) {
    at.time += scaled(at, value);
  } else if (kind == Operation::bar) {  // the first bar begins where the time is
    if (at.in_bar) at.time = std::max(at.time, at.bar_start + at.bar_length);
    at.bar_start = at.time;
    at.in_bar = true;
  } else if (kind == Operation::seek) {
    at.time = std::max(at.time, at.bar_start + scaled(at, value));
    at.seek_from = at.time + 1;
    return;
  } else if (kind == Operation::rest) {
    at.time = std::max(at.time, at.latest_end) + scaled(at, value);
    if (at.bar_length > 0) at.bar_start += (at.time - at.bar_start) / at.bar_length * at.bar_length;
    at.in_bar |= at.bar_length > 0;
  } else {
    return;
  }
  at.seek_from = at.time;
}

void Vocabulary::set_tempo(Clock& at, std::int64_t tick_length) const {
  at.tempo_parts += (at.time - at.tempo_from) * at.tick_length;
  at.tempo_from = at.time;
  at.tick_length = tick_length;
}

void Vocabulary::set(Reading& at, const VocabularyOperation& operation, std::int32_t id) const {
  const std::int64_t value = value_of(operation, id);
  switch (operation.kind) {
    case Operation::meter:
      at.bar_length = static_cast<std::int32_t>(4 * ticks_per_beat_ * value / values(id)[1]);
      at.beat = values(id)[1];
      break;
    case Operation::tempo:
      set_tempo(at, value);
      break;
    case Operation::pitch:
      at.pitch = id;
      break;
    case Operation::velocity:
      at.velocity = static_cast<std::int32_t>(value);
      break;
    case Operation::duration:
      at.duration = static_cast<std::int32_t>(scaled(at, value));
      break;
    case Operation::program:
      at.voice = voices_[static_cast<std::size_t>(value)];
      break;
    default:
      move(at, operation.kind, value);
      break;
  }
}

std::vector<Note> Vocabulary::decode(std::span<const std::int32_t> ids) const {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  struct Open {
    std::size_t note = kNone;
    std::int64_t tick = 0;
  };
  std::vector<Open> open(begin_.pressed.size());  // by key: the note that is not over
  std::vector<Note> notes;
  Registers at = begin_;
  const auto end = [&](std::size_t key) {
    if (open[key].note == kNone) return;
    Note& note = notes[open[key].note];
    const std::int64_t until = std::max(at.time, open[key].tick + 1);
    note.duration_ms = std::max<std::int64_t>(ms(at, until) - note.onset_ms, 1);
    open[key] = {};
  };
  const auto strike = [&](std::uint8_t pitch, std::int32_t duration) {
    end(at.key(pitch));
    const std::int64_t onset = ms(at, at.time);
    notes.push_back({.onset_ms = onset,
                     .duration_ms = std::max<std::int64_t>(ms(at, at.time + duration) - onset, 1),
                     .pitch = pitch,
                     .velocity = static_cast<std::uint8_t>(at.velocity),
                     .program = program(at)});
    if (duration == 0) open[at.key(pitch)] = {notes.size() - 1, at.time};
  };
  for (std::size_t i = 0; i < ids.size(); ++i) {
    require_range("token " + std::to_string(i), ids[i], 0, static_cast<std::int32_t>(tokens_.size()) - 1);
    take(at, ids[i], strike, [&](std::uint8_t pitch) { end(at.key(pitch)); });
  }
  for (std::size_t key = 0; key < open.size(); ++key) end(key);
  resolve_overlaps(notes);
  return notes;
}

}  // namespace longplay
