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
constexpr int kNever = std::numeric_limits<int>::max() - 1;

}  // namespace

void Registers::strike(std::size_t key) {
  if (last_strike != time) struck = {};
  last_strike = time;
  struck[key / 64] |= std::uint64_t{1} << (key % 64);
}

Vocabulary::Vocabulary(const VocabularyConfig& config) : ticks_per_beat_(config.ticks_per_beat) {
  if (config.tick_ms > 0) {
    per_tick_ = config.tick_ms;
  } else {
    per_tick_ = kMinuteMs;
    ticks_ = std::int64_t{config.beats_per_minute} * config.ticks_per_beat;
    begin_.bar_length = config.bar_ticks(config.meter[0], config.meter[1]);
  }
  begin_.velocity = config.velocity;
  begin_.duration = config.duration;
  add_types(config);
  add_tokens(config);
  link(config);
}

void Vocabulary::add_types(const VocabularyConfig& config) {
  using enum Operation;
  for (const VocabularyType& declared : config.types) {
    Type& type = types_.emplace_back();
    type.operations = declared.operations;
    type.only = declared.only;
    for (const auto& [kind, constant] : type.operations) {
      type.moves |= kind == advance || kind == bar || kind == seek || kind == rest;
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
  for (std::size_t rounds = 0; rounds < config.types.size(); ++rounds) {
    for (Type& type : types_) {
      for (const std::size_t next : type.then) {
        const bool is_progress = types_[next].moves || types_[next].strikes;
        type.to_progress = std::min(type.to_progress, is_progress ? 1 : types_[next].to_progress + 1);
      }
    }
  }
}

bool Vocabulary::is_valid(const Registers& at) const {
  const auto in = [](std::int64_t value, std::int64_t low, std::int64_t high) {
    return value >= low && value <= high;
  };
  const std::int64_t most = Registers::kMaxTicks;
  return in(at.type, -1, static_cast<std::int64_t>(types_.size()) - 1) &&
         in(at.pitch, -1, static_cast<std::int64_t>(tokens_.size()) - 1) &&
         (at.pitch < 0 || types_[type_of(at.pitch)].names) && in(at.velocity, 1, 127) &&
         in(at.duration, 1, VocabularyConfig::kMaxTicks) && in(at.time, 0, most) &&
         in(at.bar_start, 0, at.time) && in(at.latest_end, 0, most + VocabularyConfig::kMaxTicks) &&
         in(at.last_strike, -1, at.time) &&
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

bool Vocabulary::admits(const Registers& at, std::int32_t id, Condition condition) const {
  if (condition == Condition::later) return time_after(at, id) > at.time;
  return std::ranges::all_of(values(id), [&](std::int32_t pitch) {
    const auto key = static_cast<std::size_t>(pitch);
    if (condition == Condition::fresh) return at.last_strike != at.time || !at.is_struck(key);
    return (at.pressed[key] > 0) == (condition == Condition::sounding);
  });
}

std::int64_t Vocabulary::time_after(const Registers& at, std::int32_t id) const {
  Registers moved{.bar_length = at.bar_length,
                  .in_bar = at.in_bar,
                  .time = at.time,
                  .bar_start = at.bar_start,
                  .latest_end = at.latest_end};
  for (const VocabularyOperation& operation : types_[type_of(id)].operations) set(moved, operation, id);
  return moved.time;
}

void Vocabulary::set(Registers& at, const VocabularyOperation& operation, std::int32_t id) const {
  const auto value = [&] { return operation.constant.value_or(values(id).empty() ? 0 : values(id)[0]); };
  switch (operation.kind) {
    case Operation::advance:
      at.time += value();
      break;
    case Operation::bar:  // the first bar begins where the time is
      if (at.in_bar) at.time = std::max(at.time, at.bar_start + at.bar_length);
      at.bar_start = at.time;
      at.in_bar = true;
      break;
    case Operation::seek:
      at.time = std::max(at.time, at.bar_start + value());
      break;
    case Operation::rest:
      at.time = std::max(at.time, at.latest_end) + value();
      break;
    case Operation::meter:
      at.bar_length = static_cast<std::int32_t>(4 * ticks_per_beat_ * values(id)[0] / values(id)[1]);
      break;
    case Operation::pitch:
      at.pitch = id;
      break;
    case Operation::velocity:
      at.velocity = value();
      break;
    case Operation::duration:
      at.duration = value();
      break;
    default:
      break;
  }
}

void Vocabulary::hit(Registers& at, std::size_t pitch, bool holds) {
  at.strike(pitch);
  if (!holds) {
    at.latest_end = std::max(at.latest_end, at.time + at.duration);
  } else if (at.pressed[pitch] < std::numeric_limits<std::uint8_t>::max()) {
    ++at.pressed[pitch];
  }
}

// Whether the key comes up: of several presses, the first release ends the first.
bool Vocabulary::lift(Registers& at, std::size_t pitch) {
  if (at.pressed[pitch] == 0) return false;
  at.latest_end = std::max(at.latest_end, at.time);
  return --at.pressed[pitch] == 0;
}

std::vector<Note> Vocabulary::decode(std::span<const std::int32_t> ids) const {
  struct Open {
    std::size_t note = 0;
    bool is_open = false;
  };
  std::array<Open, 128> open{};
  std::vector<Note> notes;
  Registers at = begin_;
  const auto end = [&](std::size_t pitch) {
    if (!open[pitch].is_open) return;
    Note& note = notes[open[pitch].note];
    note.duration_ms =
        std::max(ms(at.time), note.onset_ms + std::max<std::int64_t>(ms(1), 1)) - note.onset_ms;
    open[pitch].is_open = false;
  };
  const auto strike = [&](std::uint8_t pitch, std::int32_t duration) {
    end(pitch);
    const std::int64_t onset = ms(at.time);
    notes.push_back({.onset_ms = onset,
                     .duration_ms = std::max<std::int64_t>(ms(at.time + duration) - onset, 1),
                     .pitch = pitch,
                     .velocity = static_cast<std::uint8_t>(at.velocity)});
    if (duration == 0) open[pitch] = {notes.size() - 1, true};
  };
  for (std::size_t i = 0; i < ids.size(); ++i) {
    require_range("token " + std::to_string(i), ids[i], 0, static_cast<std::int32_t>(tokens_.size()) - 1);
    take(at, ids[i], strike, end);
  }
  for (std::size_t pitch = 0; pitch < open.size(); ++pitch) end(pitch);
  resolve_overlaps(notes);
  return notes;
}

}  // namespace longplay
