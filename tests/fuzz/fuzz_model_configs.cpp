// Any config.json of the right types is refused with a ModelError, or its tables can encode notes.
#include <string>
#include <vector>

#include "events/tokenizer.hpp"
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
  return made;
}

void use(const ModelConfig& config) {
  std::size_t bytes = 0;
  for (const StateConfig& state : config.states) bytes += state.row_bytes();
  require(bytes <= ModelLimits::kMaxStateBytes);
  require(config.start_event.size() == config.fields.size());
  if (!Tokenizer::is_note_model(config.fields)) return;
  const Tokenizer tokenizer(config.fields);
  const std::vector<Note> notes{{0, 100, 60, 64}, {500, 86'400'000, 127, 127}, {86'400'000, 1, 0, 1}};
  const std::vector<NoteEvent> events = tokenizer.encode(notes);
  for (const NoteEvent& event : events) {
    for (std::size_t f = 0; f < kNoteFields; ++f) require(event[f] >= 0 && event[f] < config.fields[f].size);
  }
  require(tokenizer.decode(events).size() <= events.size());
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
