// Any config.json of the right types is refused with a ModelError, or its tables or its vocabulary can encode
// notes.
#include <string>
#include <vector>

#include "events/notation.hpp"
#include "input.hpp"
#include "model/model_config.hpp"

namespace longplay {
namespace {

// Small numbers, so that lists of them ascend now and then, or any.
std::int32_t number(Input& input) {
  const auto small = static_cast<std::int32_t>(input.number());
  return small < 250 ? small : static_cast<std::int32_t>(input.number(4));
}

std::string name(Input& input) {
  static const std::vector<std::string> kNames{"time_shift", "pitch", "velocity", "duration", "remaining",
                                               "style",      "event", "logits",   "",         "unknown"};
  const std::size_t which = input.number() % 16;
  return which < kNames.size() ? kNames[which] : std::string(1, static_cast<char>('a' + which));
}

template <typename Make>
auto list(Input& input, const Make& make) {
  std::vector<decltype(make())> made;
  for (std::size_t left = input.number() % 12; left > 0 && !input.is_empty(); --left) made.push_back(make());
  return made;
}

std::vector<std::int32_t> numbers(Input& input) {
  return list(input, [&] { return number(input); });
}

// A list that ascends, as that of a field must, and of the field's size.
FieldConfig field(Input& input, std::size_t index) {
  if (input.number() % 4 == 0) return {name(input), number(input), numbers(input)};
  FieldConfig made{kNoteFieldNames[index % kNoteFields], 0, {}};
  auto value = static_cast<std::int32_t>(index % kNoteFields == 0 ? 0 : input.number(3));
  for (std::size_t left = input.number() % 12; left > 0; --left) {
    made.values.push_back(value);
    value += 1 + static_cast<std::int32_t>(input.number());
  }
  made.size = static_cast<std::int32_t>(made.values.size()) + (index % kNoteFields == 0 ? 1 : 0);
  return made;
}

// A vocabulary of notes with shifts, and of keys that are pressed and released.
VocabularyConfig good_vocabulary() {
  using enum Operation;
  VocabularyConfig made{.ticks_per_beat = 4, .beats_per_minute = 120, .velocity = 64, .duration = 1};
  made.types = {{"A", {{pitch, {}}, {emit, {}}}, {"A", "B", "C"}, {Condition::fresh}},
                {"B", {{bar, {}}, {seek, {}}}, {"A", "D"}, {}},
                {"C", {{velocity, {}}, {duration, 2}}, {"A", "B"}, {}},
                {"D", {{pitch, {}}, {press, {}}, {advance, 1}}, {"A", "E"}, {Condition::silent}},
                {"E", {{release_last, {}}, {rest, {}}}, {"A", "D", "F"}, {}},
                {"F", {{program, {}}, {tempo, 400'000}}, {"A", "G"}, {}},
                {"G", {{meter, {}}}, {"B"}, {}}};
  made.first = {"A", "B"};
  made.tokens = {{"A", {60}},  {"A", {60, 64}}, {"B", {0}},  {"B", {8}},   {"C", {90}},
                 {"D", {127}}, {"E", {3}},      {"F", {40}}, {"G", {3, 8}}};
  return made;
}

std::string type_name(Input& input) { return std::string(1, static_cast<char>('A' + input.number() % 8)); }

// Replaces an entry by any other of its type.
void change(VocabularyConfig& made, Input& input) {
  VocabularyType& type = made.types[input.below(made.types.size())];
  VocabularyOperation operation{static_cast<Operation>(input.number() % kOperationNames.size()), {}};
  if (input.number() % 4 == 0) operation.constant = number(input);
  switch (input.number() % 10) {
    case 0:
      made.tick_ms = number(input);
      break;
    case 1:
      made.ticks_per_beat = number(input);
      break;
    case 2:
      made.meter = {number(input), number(input)};
      break;
    case 3:
      (input.number() % 2 == 0 ? made.velocity : made.duration) = number(input);
      break;
    case 8:
      (input.number() % 2 == 0 ? made.program : made.tempo) = number(input);
      break;
    case 9:
      made.scaled = input.number() % 2 == 0;
      break;
    case 4:
      type.operations[input.below(type.operations.size())] = operation;
      break;
    case 5:
      type.operations.push_back(operation);
      break;
    case 6:
      (input.number() % 4 == 0 ? made.first : type.then) = list(input, [&] { return type_name(input); });
      break;
    default:
      made.tokens[input.below(made.tokens.size())] = {type_name(input), numbers(input)};
  }
}

VocabularyConfig vocabulary(Input& input) {
  VocabularyConfig made = good_vocabulary();
  for (std::size_t changes = input.number() % 6; changes > 0 && !input.is_empty(); --changes)
    change(made, input);
  return made;
}

ModelConfig config(Input& input) {
  ModelConfig made;
  made.name = name(input);
  std::size_t index = 0;
  const auto next_field = [&] { return field(input, index++); };
  if (input.number() % 4 == 0) {
    made.fields = list(input, next_field);
  } else {
    for (std::size_t f = 0; f < kNoteFields; ++f) made.fields.push_back(next_field());
  }
  made.start_event = numbers(input);
  if (input.number() % 2 == 0) made.start_event.assign(made.fields.size(), 0);
  made.context_width = number(input);
  made.controls = list(input, [&] {
    return ControlConfig{name(input), number(input), number(input), numbers(input),
                         list(input, [&] { return name(input); })};
  });
  made.states = list(input, [&] {
    std::vector<std::int64_t> shape = list(input, [&] { return static_cast<std::int64_t>(number(input)); });
    if (input.number() % 4 == 0) shape.push_back(static_cast<std::int64_t>(input.number(8)));
    return StateConfig{name(input), name(input), static_cast<ElementType>(input.number() % 4), shape};
  });
  if (input.number() % 4 == 0) {
    made.notes_per_second = Band{static_cast<double>(number(input)), static_cast<double>(number(input))};
  }
  if (input.number() % 2 == 0) {
    made.vocabulary = vocabulary(input);
    made.fields = {{"token", static_cast<std::int32_t>(made.vocabulary->tokens.size()), {}}};
    made.start_event = {0};
    made.context_width = 0;
  }
  return made;
}

// Takes every token in turn, and asks after each one what may follow.
void use(const Vocabulary& vocabulary) {
  Registers at = vocabulary.begin();
  std::vector<float> bias(vocabulary.size());
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < 3 * vocabulary.size(); ++i) {
    ids.push_back(static_cast<std::int32_t>(i % vocabulary.size()));
    vocabulary.constrain(at, bias);
    vocabulary.take(
        at, ids.back(), [](std::uint8_t pitch, std::int32_t) { require(pitch < 128); }, [](auto) {});
    require(vocabulary.is_valid(at));
  }
  require(vocabulary.decode(ids).size() <= ids.size() * 16 * 8);
}

void use(const ModelConfig& config) {
  std::size_t bytes = 0;
  for (const StateConfig& state : config.states) bytes += state.row_bytes();
  require(bytes <= ModelLimits::kMaxStateBytes);
  require(config.start_event.size() == config.fields.size());
  if (!Notation::exists(config)) return;
  const Notation notation(config);
  if (notation.vocabulary()) use(*notation.vocabulary());
  std::vector<Note> notes{{0, 100, 60, 64}, {500, 86'400'000, 127, 127}, {86'400'000, 1, 0, 1}};
  if (notation.vocabulary()) notes = {{0, 100, 60, 64}, {500, 900, 127, 127}, {900, 1, 0, 1}};
  const std::vector<std::int32_t> ids = notation.encode(notes);
  const std::size_t fields = config.fields.size();
  for (std::size_t i = 0; i < ids.size(); ++i)
    require(ids[i] >= 0 && ids[i] < config.fields[i % fields].size);
  notation.decode(ids);
}

}  // namespace
}  // namespace longplay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  longplay::Input input({data, size});
  const longplay::ModelConfig config = longplay::config(input);
  try {
    config.validate();
  } catch (const longplay::ModelError&) {
    return 0;
  }
  longplay::use(config);
  return 0;
}
