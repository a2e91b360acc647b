#include "events/token_writer.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/require.hpp"

namespace longplay {
namespace {

// A strike, or the release of a key, at a tick.
struct Goal {
  std::int64_t tick;
  bool strikes;
  std::int32_t pitch;
  std::int32_t velocity;  // as the vocabulary has them
  std::int32_t duration;
  std::uint8_t program;
};

class Writer {
 public:
  explicit Writer(const Vocabulary& vocabulary) : vocabulary_(&vocabulary), at_(vocabulary.begin()) {
    for (const Vocabulary::Type& type : vocabulary.types()) {
      for (const auto& [kind, constant] : type.operations) {
        presses_ |= kind == Operation::press && !type.ids.empty();
        is_one_voice_ |= kind == Operation::release_last && !type.ids.empty();
        if (kind == Operation::velocity) collect(type, constant, velocities_);
        if (kind == Operation::duration) collect(type, constant, durations_);
      }
      rests_ |= type.moves && !type.strikes && !type.ids.empty();
    }
    if (!velocities_.empty()) at_.velocity = 0;  // the first note says its own, whatever the start is
    if (!durations_.empty()) at_.duration = 0;
  }

  std::vector<std::int32_t> write(std::span<const Note> notes) {
    if (!rests_) return write_slices(notes);
    for (const Goal& goal : goals(notes)) reach(goal);
    return std::move(written_);
  }

 private:
  // A step on the way to a goal.
  struct Step {
    Registers at;
    std::int32_t id;
    std::size_t before;
  };
  using Key = std::tuple<std::int32_t, std::int64_t, std::int32_t, std::int32_t, std::int32_t, std::int64_t,
                         std::int32_t>;
  static constexpr std::size_t kMostSteps = 1 << 16;

  void collect(const Vocabulary::Type& type, std::optional<std::int32_t> constant,
               std::vector<std::int32_t>& values) {
    for (const std::int32_t id : type.ids) {
      const std::int32_t value = constant ? *constant : vocabulary_->values(id).front();
      const bool is_time = &values == &durations_;
      values.push_back(is_time ? static_cast<std::int32_t>(vocabulary_->scaled(at_, value)) : value);
    }
  }

  static std::int32_t nearest(const std::vector<std::int32_t>& values, std::int64_t wanted) {
    std::int32_t best = 0;  // any
    for (const std::int32_t value : values) {
      const std::int64_t gain = best == 0 ? 1 : std::abs(best - wanted) - std::abs(value - wanted);
      if (gain > 0 || (gain == 0 && value < best)) best = value;
    }
    return best;
  }

  // Of notes with one onset, only the highest, up to the next one.
  std::vector<Note> one_voice(std::span<const Note> notes) const {
    std::vector<Note> voice;
    for (const Note& note : notes) {
      if (!std::ranges::binary_search(vocabulary_->pitches(), note.pitch)) continue;
      if (!voice.empty()) {
        Note& last = voice.back();
        if (vocabulary_->ticks(last.onset_ms) == vocabulary_->ticks(note.onset_ms)) {
          if (note.pitch > last.pitch) last = note;
          continue;
        }
        last.duration_ms = std::min(last.duration_ms, note.onset_ms - last.onset_ms);
      }
      voice.push_back(note);
    }
    return voice;
  }

  std::vector<Goal> goals(std::span<const Note> all) const {
    const std::vector<Note> voice = is_one_voice_ ? one_voice(all) : std::vector<Note>();
    const std::span<const Note> notes = is_one_voice_ ? std::span(voice) : all;
    std::vector<Goal> goals;
    for (std::size_t i = 0; i < notes.size(); ++i) {
      const std::int64_t on = vocabulary_->ticks(notes[i].onset_ms);
      const std::int64_t off = std::max(vocabulary_->ticks(notes[i].onset_ms + notes[i].duration_ms), on + 1);
      const std::uint8_t program = playable(notes[i].program);
      goals.push_back({on, true, notes[i].pitch, nearest(velocities_, notes[i].velocity),
                       nearest(durations_, off - on), program});
      const bool goes_on = i + 1 < notes.size() && vocabulary_->ticks(notes[i + 1].onset_ms) <= off;
      if (presses_ && !(is_one_voice_ && goes_on))
        goals.push_back({off, false, notes[i].pitch, 0, 0, program});
    }
    std::ranges::stable_sort(goals, {}, [](const Goal& goal) { return std::pair(goal.tick, goal.strikes); });
    return goals;
  }

  // The program, or the lowest one if the vocabulary does not have it.
  std::uint8_t playable(std::uint8_t program) const {
    const auto& programs = vocabulary_->programs();
    return std::ranges::binary_search(programs, program) ? program : programs.front();
  }

  // The token of a type that leads nearest to a goal, if any does.
  std::optional<std::int32_t> choose(const Registers& at, std::size_t type, const Goal& goal) const {
    const Vocabulary::Type& of = vocabulary_->types()[type];
    if (of.ends || of.ids.empty()) return {};
    std::optional<std::int32_t> best;
    std::int64_t least = 0;
    for (const std::int32_t id : of.ids) {
      const std::int64_t cost = distance(at, of, id, goal);
      if (cost < 0 || (best && cost > least)) continue;
      best = id;
      least = cost;
    }
    return best;
  }

  // How far a token's value is from a goal, or -1 if it must not be used.
  std::int64_t distance(const Registers& at, const Vocabulary::Type& type, std::int32_t id,
                        const Goal& goal) const {
    const auto values = vocabulary_->values(id);
    std::int64_t cost = 0;
    for (const auto& [kind, constant] : type.operations) {
      const std::int64_t value = constant ? *constant : values.empty() ? 0 : values.front();
      if (kind == Operation::rest) return -1;
      if ((kind == Operation::meter || kind == Operation::tempo) && !keeps_time(at, id)) return -1;
      if (kind == Operation::pitch && (values.size() != 1 || value != goal.pitch)) return -1;
      if (kind == Operation::program && value != goal.program) return -1;
      if (kind == Operation::velocity) cost += goal.strikes ? std::abs(value - goal.velocity) : 0;
      if (kind == Operation::duration)
        cost += goal.strikes ? std::abs(vocabulary_->scaled(at, value) - goal.duration) : 0;
    }
    if (!type.moves || type.strikes || type.releases) return cost;
    const std::int64_t time = vocabulary_->time_after(at, id);
    return time > goal.tick ? -1 : cost + goal.tick - time;
  }

  bool keeps_time(const Registers& at, std::int32_t id) const {
    Registers after = at;
    vocabulary_->take(after, id, [](auto...) {}, [](auto...) {});
    return after.bar_length == at.bar_length && after.beat == at.beat && after.tick_length == at.tick_length;
  }

  // Takes a token; returns 1 if it reaches the goal, 0 if it leads on, -1 if it does anything else.
  int take(Registers& at, std::int32_t id, const Goal& goal) const {
    int outcome = 0;
    const auto strike = [&](std::uint8_t pitch, std::int32_t duration) {
      const bool meets = goal.strikes && at.time == goal.tick && pitch == goal.pitch &&
                         vocabulary_->program(at) == goal.program &&
                         (goal.velocity == 0 || at.velocity == goal.velocity) &&
                         (goal.duration == 0 || duration == 0 || duration == goal.duration);
      outcome = meets && outcome == 0 ? 1 : -1;
    };
    const auto release = [&](std::uint8_t pitch) {
      if (goal.strikes && is_one_voice_) return;
      const bool meets = !goal.strikes && at.time == goal.tick && pitch == goal.pitch &&
                         vocabulary_->program(at) == goal.program;
      outcome = meets && outcome == 0 ? 1 : -1;
    };
    vocabulary_->take(at, id, strike, release);
    if (outcome == 0 && at.time > goal.tick) return -1;
    return outcome;
  }

  // Types that may follow, those that let time pass first.
  std::vector<std::size_t> next_types(const Registers& at) const {
    std::vector<std::size_t> types = vocabulary_->next_types(at);
    std::stable_partition(types.begin(), types.end(),
                          [&](std::size_t type) { return vocabulary_->types()[type].moves; });
    return types;
  }

  // Searches breadth first for the fewest tokens that reach a goal. If there are none, writes nothing.
  void reach(const Goal& goal) {
    if (!std::ranges::binary_search(vocabulary_->pitches(), goal.pitch)) return;
    if (!goal.strikes && !vocabulary_->is_pressed(at_, goal.program, goal.pitch)) return;
    std::vector<Step> steps{{at_, -1, 0}};
    std::set<Key> seen;
    std::vector<float> bias(vocabulary_->size());
    for (std::size_t from = 0; from < steps.size() && steps.size() < kMostSteps; ++from) {
      std::ranges::fill(bias, 0.0F);
      vocabulary_->constrain(steps[from].at, bias);
      for (const std::size_t type : next_types(steps[from].at)) {
        const auto id = choose(steps[from].at, type, goal);
        if (!id || bias[static_cast<std::size_t>(*id)] != 0) continue;
        Step next{steps[from].at, *id, from};
        const int outcome = take(next.at, *id, goal);
        const Registers& at = next.at;
        if (outcome < 0 ||
            !seen.emplace(at.type, at.time, at.pitch, at.velocity, at.duration, at.bar_start, at.voice)
                 .second)
          continue;
        steps.push_back(next);
        if (outcome > 0) return keep(steps);
      }
    }
  }

  void keep(const std::vector<Step>& steps) {
    const std::size_t before = written_.size();
    for (std::size_t i = steps.size() - 1; i > 0; i = steps[i].before) written_.push_back(steps[i].id);
    std::ranges::reverse(written_.begin() + static_cast<std::ptrdiff_t>(before), written_.end());
    at_ = steps.back().at;
  }

  std::vector<std::int32_t> write_slices(std::span<const Note> notes) {
    for (std::size_t first = 0, last = 0; first < notes.size(); first = last) {
      std::vector<std::int32_t> slice;
      const std::int64_t tick = vocabulary_->ticks(notes[first].onset_ms);
      while (last < notes.size() && vocabulary_->ticks(notes[last].onset_ms) == tick)
        slice.push_back(notes[last++].pitch);
      std::ranges::sort(slice);
      if (const auto id = most_equal(slice)) written_.push_back(*id);
    }
    return std::move(written_);
  }

  // The token with the largest share of pitches in common; nothing if none has any.
  std::optional<std::int32_t> most_equal(const std::vector<std::int32_t>& slice) const {
    std::optional<std::int32_t> best;
    std::size_t best_common = 0, best_all = 1;
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(vocabulary_->size()); ++id) {
      if (!vocabulary_->types()[vocabulary_->type_of(id)].strikes) continue;
      const auto values = vocabulary_->values(id);
      const auto common = static_cast<std::size_t>(std::ranges::count_if(
          values, [&](std::int32_t pitch) { return std::ranges::binary_search(slice, pitch); }));
      const std::size_t all = values.size() + slice.size() - common;
      if (common * best_all <= best_common * all) continue;
      best = id;
      best_common = common;
      best_all = all;
    }
    return best;
  }

  const Vocabulary* vocabulary_;
  Registers at_;
  std::vector<std::int32_t> written_;
  std::vector<std::int32_t> velocities_, durations_;
  bool presses_ = false;
  bool is_one_voice_ = false;
  bool rests_ = false;  // has tokens that let time pass without a note
};

}  // namespace

std::vector<std::int32_t> write_tokens(const Vocabulary& vocabulary, std::span<const Note> notes) {
  for (std::size_t i = 1; i < notes.size(); ++i) {
    if (notes[i].onset_ms >= notes[i - 1].onset_ms) continue;
    refuse("notes[" + std::to_string(i) + "].onset_ms must be at least " +
               std::to_string(notes[i - 1].onset_ms) + ", as the note before it",
           notes[i].onset_ms);
  }
  return Writer(vocabulary).write(notes);
}

}  // namespace longplay
