#include "model/vocabulary_config.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/note.hpp"
#include "base/require.hpp"

namespace longplay {
namespace {

using Types = std::map<std::string, std::size_t>;

// So that times in ms stay in 64 bits.
constexpr std::int32_t kMaxTickMs = 60'000;
constexpr std::int32_t kMaxPerBeat = 1 << 14;
constexpr std::int32_t kMaxPerMinute = 100'000;
constexpr std::int32_t kMaxMeter = 64;
constexpr std::int32_t kMaxQuarterUs = (1 << 24) - 1;  // as a MIDI file has it

bool takes_ticks(Operation kind) {
  using enum Operation;
  return kind == advance || kind == seek || kind == rest || kind == duration;
}

bool takes_value(Operation kind) {
  using enum Operation;
  return takes_ticks(kind) || kind == meter || kind == tempo || kind == pitch || kind == velocity ||
         kind == program;
}

bool takes_beats(Operation kind) {
  using enum Operation;
  return kind == bar || kind == seek || kind == meter || kind == tempo;
}

bool strikes(Operation kind) { return kind == Operation::emit || kind == Operation::press; }

bool moves(Operation kind) {
  using enum Operation;
  return kind == advance || kind == bar || kind == seek || kind == rest;
}

template <typename Kinds>
bool has(const VocabularyType& type, const Kinds& kinds) {
  return std::ranges::any_of(type.operations, kinds, &VocabularyOperation::kind);
}

const char* name_of(Operation kind) { return kOperationNames[static_cast<std::size_t>(kind)]; }

void validate_value(const std::string& entry, Operation kind, std::int32_t value) {
  using enum Operation;
  if (kind == pitch) {
    require_range(entry, value, 0, 127);
  } else if (kind == velocity) {
    require_range(entry, value, 1, 127);
  } else if (kind == program) {
    require_range(entry, value, 0, Note::kDrums);
  } else if (kind == tempo) {
    require_range(entry, value, 1, kMaxQuarterUs);
  } else {
    require_range(entry, value, kind == seek || kind == rest ? 0 : 1, VocabularyConfig::kMaxTicks);
  }
}

void validate_times(const VocabularyConfig& config) {
  if (config.tick_ms == 0) {
    require_range("vocabulary.unit.per_beat", config.ticks_per_beat, 1, kMaxPerBeat);
    require_range("vocabulary.unit.bpm", config.beats_per_minute, 1, kMaxPerMinute);
    if (config.bar_ticks(config.meter[0], config.meter[1]) == 0)
      refuse("vocabulary.unit.meter must be two numbers in [1, 64] whose bars have whole ticks");
  } else {
    require_range("vocabulary.unit.ms", config.tick_ms, 1, kMaxTickMs);
  }
  require_range("vocabulary.start.velocity", config.velocity, 1, 127);
  require_range("vocabulary.start.duration", config.duration, 1, VocabularyConfig::kMaxTicks);
  require_range("vocabulary.start.program", config.program, 0, Note::kDrums);
  require_range("vocabulary.start.tempo", config.tempo, 0, kMaxQuarterUs);
  if (config.tempo > 0 && !config.uses(Operation::tempo))
    refuse("vocabulary.start.tempo must be absent: no type does tempo");
}

void validate_operations(const VocabularyConfig& config, const VocabularyType& type,
                         const std::string& entry) {
  require_entries(entry + ".do", type.operations.size(), 0, VocabularyConfig::kMaxOperations);
  for (std::size_t o = 0; o < type.operations.size(); ++o) {
    const auto& [kind, constant] = type.operations[o];
    const std::string place = indexed(entry + ".do", o);
    if (constant && (!takes_value(kind) || kind == Operation::meter || kind == Operation::pitch))
      refuse(place + " must have no number: " + name_of(kind) + " takes none");
    if (constant) validate_value(place + "[1]", kind, *constant);
    if (takes_beats(kind) && config.tick_ms > 0)
      refuse(place + " must not be " + name_of(kind) + ": vocabulary.unit has no beats");
  }
  const auto names_pitches = [](Operation kind) { return kind == Operation::pitch; };
  for (std::size_t c = 0; c < type.only.size(); ++c) {
    if (type.only[c] == Condition::later ? !has(type, moves) : !has(type, names_pitches))
      refuse(indexed(entry + ".only", c) + " must not be " +
             kConditionNames[static_cast<std::size_t>(type.only[c])] + ": the type has no operation for it");
  }
}

void validate_successors(const Types& types, const std::vector<std::string>& names,
                         const std::string& entry) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!types.contains(names[i])) refuse(indexed(entry, i) + " must name a type, not '" + names[i] + "'");
}

void validate_token(const VocabularyConfig& config, const VocabularyToken& token, const VocabularyType& type,
                    const std::string& entry) {
  for (const auto& [kind, constant] : type.operations) {
    if (constant || !takes_value(kind)) continue;
    const std::size_t most = kind == Operation::pitch   ? VocabularyConfig::kMaxPitches
                             : kind == Operation::meter ? 2
                                                        : 1;
    require_entries(entry + " for " + name_of(kind), token.values.size(), kind == Operation::meter ? 2 : 1,
                    most);
    if (kind == Operation::meter) {
      if (config.bar_ticks(token.values[0], token.values[1]) == 0)
        refuse(entry + " must be two numbers in [1, 64] whose bars have whole ticks");
      continue;
    }
    for (std::size_t v = 0; v < token.values.size(); ++v) {
      validate_value(entry + "[1]", kind, token.values[v]);
      if (v > 0 && token.values[v] <= token.values[v - 1]) refuse(entry + "[1] must ascend");
    }
  }
}

// If ticks are parts of the meter's beat, they must be whole ones for each meter.
void validate_scales(const VocabularyConfig& config, const Types& types) {
  if (!config.scaled) return;
  std::set<std::int32_t> units{config.meter[1]};
  std::set<std::int32_t> ticks;
  for (const VocabularyToken& token : config.tokens) {
    for (const auto& [kind, constant] : config.types[types.at(token.type)].operations) {
      if (kind == Operation::meter) units.insert(token.values[1]);
      if (takes_ticks(kind)) ticks.insert(constant ? *constant : token.values[0]);
    }
  }
  for (const std::int32_t unit : units)
    for (const std::int32_t each : ticks)
      if (4 * std::int64_t{each} % unit != 0)
        refuse("vocabulary.unit.scaled must be false: " + std::to_string(each) +
               " ticks are no whole ticks in a meter of " + std::to_string(unit));
}

// The types from which a token of one of `good` can follow.
std::vector<bool> leading_to(const VocabularyConfig& config, const Types& types, std::vector<bool> good,
                             const std::vector<bool>& used) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t t = 0; t < config.types.size(); ++t) {
      if (good[t]) continue;
      good[t] = std::ranges::any_of(config.types[t].then, [&](const std::string& name) {
        const std::size_t next = types.at(name);
        return good[next] && used[next];
      });
      changed |= good[t];
    }
  }
  return good;
}

// After each type, time must be able to pass and a note to follow, or the music would never end.
void validate_progress(const VocabularyConfig& config, const Types& types, const std::vector<bool>& used) {
  const auto of = [&](const auto& kinds) {
    std::vector<bool> good;
    for (const VocabularyType& type : config.types) good.push_back(has(type, kinds));
    return leading_to(config, types, std::move(good), used);
  };
  const std::vector<bool> to_time = of(moves), to_note = of(strikes);
  const auto ends = [](Operation kind) { return kind == Operation::end; };
  for (std::size_t t = 0; t < config.types.size(); ++t) {
    if (!used[t] || has(config.types[t], ends)) continue;
    const std::string entry = indexed("vocabulary.types", t) + ".then";
    const auto leads = [&](const std::vector<bool>& good) {
      return std::ranges::any_of(config.types[t].then, [&](const std::string& name) {
        return good[types.at(name)] && used[types.at(name)];
      });
    };
    if (!leads(to_time)) refuse(entry + " must lead to a token that moves the time");
    if (!leads(to_note)) refuse(entry + " must lead to a token that strikes a note");
  }
  const auto begins = [&](const std::string& name) {
    return used[types.at(name)] && to_time[types.at(name)] && to_note[types.at(name)];
  };
  if (!std::ranges::any_of(config.first, begins))
    refuse("vocabulary.first must name a type with tokens that leads to notes");
}

Types validate_types(const VocabularyConfig& config) {
  require_entries("vocabulary.types", config.types.size(), 1, VocabularyConfig::kMaxTypes);
  Types types;
  for (std::size_t t = 0; t < config.types.size(); ++t) {
    const std::string entry = indexed("vocabulary.types", t);
    if (config.types[t].name.empty()) refuse(entry + ".name must not be empty");
    if (!types.emplace(config.types[t].name, t).second)
      refuse(entry + ".name must differ from the others, not be '" + config.types[t].name + "' again");
    validate_operations(config, config.types[t], entry);
  }
  for (std::size_t t = 0; t < config.types.size(); ++t)
    validate_successors(types, config.types[t].then, indexed("vocabulary.types", t) + ".then");
  validate_successors(types, config.first, "vocabulary.first");
  return types;
}

}  // namespace

bool VocabularyConfig::uses(Operation kind) const {
  const auto is_kind = [=](Operation one) { return one == kind; };
  return std::ranges::any_of(types, [&](const VocabularyType& type) { return has(type, is_kind); });
}

std::int32_t VocabularyConfig::bar_ticks(std::int32_t beats, std::int32_t unit) const {
  if (beats < 1 || beats > kMaxMeter || unit < 1 || unit > kMaxMeter) return 0;
  const std::int64_t quarters = std::int64_t{4} * beats * ticks_per_beat;
  return quarters % unit == 0 ? static_cast<std::int32_t>(quarters / unit) : 0;
}

void VocabularyConfig::validate(std::int32_t size) const {
  validate_times(*this);
  const Types index = validate_types(*this);
  if (pieces) {
    require_entries("vocabulary.tokens", tokens.size(), 1, static_cast<std::size_t>(size));
  } else {
    require_entries("vocabulary.tokens", tokens.size(), static_cast<std::size_t>(size));
  }
  std::vector<bool> used(types.size());
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    const std::string entry = indexed("vocabulary.tokens", id);
    const auto type = index.find(tokens[id].type);
    if (type == index.end()) refuse(entry + "[0] must name a type, not '" + tokens[id].type + "'");
    used[type->second] = true;
    validate_token(*this, tokens[id], types[type->second], entry);
  }
  validate_scales(*this, index);
  validate_progress(*this, index, used);
  if (!pieces) return;
  if (pieces->words != WordBoundary::none && tick_ms > 0)
    refuse("vocabulary.pieces.words must be none: vocabulary.unit has no beats");
  pieces->validate(size, tokens.size());
}

}  // namespace longplay
