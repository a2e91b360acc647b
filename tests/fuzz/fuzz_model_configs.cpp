// Any config.json of the right types is refused with a ModelError, or its tables or its vocabulary can encode
// notes.
#include <algorithm>
#include <string>
#include <vector>

#include "events/notation.hpp"
#include "events/sampling.hpp"
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

// Pieces of the first tokens, of BPE or Unigram.
PiecesConfig good_pieces(std::size_t tokens, bool merges) {
  PiecesConfig made;
  for (std::size_t token = 0; token < tokens; ++token)
    made.pieces.push_back({static_cast<std::int32_t>(token)});
  made.pieces.insert(made.pieces.end(), {{PiecesConfig::kWord}, {PiecesConfig::kWord, 0}, {0, 2}, {0, 2, 1}});
  const auto count = static_cast<std::int32_t>(tokens);
  if (merges) {
    made.merges = {{count, 0}, {0, 2}, {count + 2, 1}};
  } else {
    made.scores.assign(made.pieces.size(), -1.5);
  }
  return made;
}

void change(PiecesConfig& made, Input& input) {
  PiecesConfig::Piece piece = numbers(input);
  if (input.number() % 4 == 0) piece.insert(piece.begin(), PiecesConfig::kWord);
  switch (input.number() % 5) {
    case 0:
      made.pieces[input.below(made.pieces.size())] = piece;
      break;
    case 1:
      made.pieces.push_back(piece);
      break;
    case 2:
      made.words = static_cast<WordBoundary>(input.number() % kWordBoundaryNames.size());
      break;
    case 3:
      made.merges.push_back({number(input), number(input)});
      break;
    default:
      made.scores.push_back(static_cast<double>(number(input)) / 0x1p16);
  }
}

VocabularyConfig vocabulary(Input& input) {
  VocabularyConfig made = good_vocabulary();
  for (std::size_t changes = input.number() % 6; changes > 0 && !input.is_empty(); --changes)
    change(made, input);
  if (input.number() % 2 == 0) return made;
  made.pieces = good_pieces(made.tokens.size(), input.number() % 2 == 0);
  for (std::size_t changes = input.number() % 3; changes > 0 && !input.is_empty(); --changes)
    change(*made.pieces, input);
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
    const auto& pieces = made.vocabulary->pieces;
    const std::size_t size = pieces ? pieces->pieces.size() : made.vocabulary->tokens.size();
    made.fields = {{"token", static_cast<std::int32_t>(size), {}}};
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

// Takes every piece in turn. Those that may follow are those whose tokens may follow in order.
void use(const Pieces& pieces, const Vocabulary& vocabulary) {
  Registers at = vocabulary.begin();
  std::vector<float> tokens(vocabulary.size()), bias(pieces.size());
  std::vector<Attempt::Change> changes;
  const auto take = [&](Registers& registers, std::int32_t token) {
    vocabulary.take(registers, token, [](auto...) {}, [](auto) {});
  };
  for (std::int32_t id = 0; id < static_cast<std::int32_t>(pieces.size()); ++id) {
    std::ranges::fill(tokens, 0.0F);
    vocabulary.constrain(at, tokens);
    pieces.constrain(vocabulary, at, tokens, changes, bias);
    bool may_follow = true;
    for (const std::int32_t token : pieces.tokens(id)) {
      may_follow = may_follow && vocabulary.may_follow(at, token);
      take(at, token);
    }
    require((bias[static_cast<std::size_t>(id)] != kForbidden) == may_follow);
  }
}

void use(const ModelConfig& config) {
  std::size_t bytes = 0;
  for (const StateConfig& state : config.states) bytes += state.row_bytes();
  require(bytes <= ModelLimits::kMaxStateBytes);
  require(config.start_event.size() == config.fields.size());
  if (!Notation::exists(config)) return;
  const Notation notation(config);
  if (notation.vocabulary()) use(*notation.vocabulary());
  if (notation.pieces()) use(*notation.pieces(), *notation.vocabulary());
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
