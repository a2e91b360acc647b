#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "events/sampling.hpp"
#include "form/composer.hpp"
#include "form/pitch_rules.hpp"

namespace longplay {
namespace {

// Puts the rules of the form to what the tokens do. A vocabulary needs no END: a piece is over as soon as the
// time passes where the form wants it to end. If the form allows no token, the vocabulary alone decides.
class TokenComposer final : public Composer {
 public:
  TokenComposer(const ComposerTask& task, const FormState& state)
      : task_(task),
        vocabulary_(*task.notation.vocabulary()),
        timeline_(task.form, task.random_seed, task.candidate, state.timeline),
        past_(state.past),
        tokens_(*state.tokens),
        pitch_bias_(vocabulary_.pitches().size()),
        after_ms_(vocabulary_.size()),
        allowed_(vocabulary_.size()) {
    const Registers begin = vocabulary_.begin();
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(vocabulary_.size()); ++id)
      if (type(id).lengthens) add_duration(begin, id);
    limit_velocity();
    duration_ranks_ = Steering::ranks(durations_ms_);
  }

  bool constrain(std::size_t, std::span<const std::int32_t>, std::span<float> bias) override {
    vocabulary_.constrain(tokens_.now, bias);
    require_some(bias);
    const bool is_patient = tokens_.idle < 2 * FormRules::kMostIdleTokens;
    if (is_patient) {
      std::ranges::copy(bias, allowed_.begin());
      constrain_time(bias);
      constrain_notes(bias);
    }
    if (tokens_.idle >= FormRules::kMostIdleTokens) lead_on(bias);
    if (is_patient && !has_some(bias)) std::ranges::copy(allowed_, bias.begin());
    if (is_patient && task_.form.steady) steer(bias);
    return true;
  }

  bool accepts(std::size_t, std::span<const std::int32_t>, std::int32_t id) override {
    if (!past_.quote_guard.watches() || !type(id).chooses) return true;
    if (!would_quote(vocabulary_.values(id))) return true;
    past_.quote_guard.refuse();
    return false;
  }

  bool is_end(std::span<const std::int32_t>) const override { return false; }

  Outcome accept(std::span<const std::int32_t> event) override {
    needs_checkpoint_ = false;
    sounds_.clear();
    const std::int32_t id = event[0];
    const std::int64_t before = tokens_.now.time;
    vocabulary_.take(
        tokens_.now, id, [&](std::uint8_t pitch, std::int32_t duration) { strike(pitch, duration); },
        [&](std::uint8_t pitch) { release(pitch, vocabulary_.program(tokens_.now), now_ms()); });
    const bool moved = tokens_.now.time > before;
    const bool struck =
        std::ranges::any_of(sounds_, [](const Sound& sound) { return sound.kind == Sound::Kind::note; });
    tokens_.idle = struck || moved ? 0 : tokens_.idle + 1;
    if (type(id).ends || (moved && is_over())) return end();
    if (struck) {
      needs_checkpoint_ = !provisional_ && timeline_.is_closing();
      provisional_ = provisional_ || needs_checkpoint_;
    }
    return Outcome::accepted;
  }

  std::span<const Sound> sounds() const override { return sounds_; }

  void read(std::span<const std::int32_t> event) override {
    vocabulary_.take(tokens_.now, event[0], [](auto...) {}, [](auto...) {});
    tokens_.prompt = tokens_.now;
    begin_piece();
  }

  bool needs_checkpoint() const override { return needs_checkpoint_; }
  bool is_provisional() const override { return provisional_; }
  std::uint32_t attempt() const override { return attempt_; }

  FormState state() const override { return {timeline_.state(), past_, tokens_}; }

  void restore(const FormState& state) override {
    timeline_ = Timeline(task_.form, task_.random_seed, task_.candidate, state.timeline);
    past_ = state.past;
    tokens_ = *state.tokens;
  }

  std::int64_t onset_ms() const override { return timeline_.onset_ms(); }
  std::int64_t remaining_ms() const override { return timeline_.remaining_ms(); }
  std::uint64_t refusals() const override { return past_.quote_guard.refusals(); }

 private:
  const Vocabulary::Type& type(std::int32_t id) const { return vocabulary_.types()[vocabulary_.type_of(id)]; }
  const Vocabulary::Type& type(std::size_t id) const { return type(static_cast<std::int32_t>(id)); }
  bool at_once() const { return timeline_.state().at_once; }
  std::int64_t ms(std::int64_t ticks) const { return tokens_.origin_ms + vocabulary_.ms(tokens_.now, ticks); }
  // Where the next note would start. Before the first note of a piece, its time has no effect.
  std::int64_t now_ms() const { return at_once() ? onset_ms() : std::max(ms(tokens_.now.time), onset_ms()); }

  // The pitches of a chord are struck from the lowest to the highest.
  bool would_quote(std::span<const std::int32_t> pitches) const {
    const auto first = static_cast<std::uint8_t>(pitches.front());
    if (past_.quote_guard.would_quote(first, now_ms())) return true;
    if (pitches.size() == 1) return false;
    QuoteGuard guard = past_.quote_guard;
    for (const std::int32_t pitch : pitches) {
      if (guard.would_quote(static_cast<std::uint8_t>(pitch), now_ms())) return true;
      guard.push(static_cast<std::uint8_t>(pitch), now_ms());
    }
    return false;
  }

  // Durations are ranked at the tempo of the beginning.
  void add_duration(const Registers& begin, std::int32_t id) {
    duration_ids_.push_back(id);
    for (const auto& [kind, constant] : type(id).operations) {
      if (kind != Operation::duration) continue;
      const std::int32_t ticks = constant ? *constant : vocabulary_.values(id).front();
      durations_ms_.push_back(
          static_cast<std::int32_t>(std::min<std::int64_t>(vocabulary_.ms(begin, ticks), kDayMs)));
      return;
    }
  }

  // A velocity that the seed has set obeys the bias, too.
  void limit_velocity() {
    int allowed = 0;
    bool all = true;
    for (std::size_t id = 0; id < task_.bias.size(); ++id) {
      for (const auto& [kind, constant] : type(id).operations) {
        if (kind != Operation::velocity) continue;
        const bool is_allowed = task_.bias[id] != kForbidden;
        all = all && is_allowed;
        if (is_allowed)
          allowed = std::max(
              allowed, constant ? *constant : vocabulary_.values(static_cast<std::int32_t>(id)).front());
      }
    }
    if (!all && allowed > 0) max_velocity_ = allowed;
  }

  static bool has_some(std::span<const float> bias) {
    return std::ranges::any_of(bias, [](float each) { return each != kForbidden; });
  }

  void require_some(std::span<const float> bias) const {
    const bool is_stuck = tokens_.idle >= 4 * FormRules::kMostIdleTokens;
    if (!is_stuck && has_some(bias)) return;
    throw Error("candidate " + std::to_string(task_.candidate) + " cannot continue after " +
                std::to_string(onset_ms()) + " ms: the vocabulary allows no token that leads on");
  }

  // Forbids tokens after which a note would start too late, and the end of a piece where it must not end. If
  // there are no others, the earliest stay allowed.
  void constrain_time(std::span<float> bias) {
    if (!timeline_.may_end()) forbid_where([&](std::size_t id) { return type(id).ends; }, bias);
    std::int64_t latest = timeline_.latest_ms();
    if (!at_once() && !timeline_.has_short_tail()) latest = std::min(latest, timeline_.last_onset_ms());
    bool some = false;  // in time
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    for (std::size_t id = 0; id < bias.size(); ++id) {
      if (bias[id] == kForbidden) continue;
      after_ms_[id] = type(id).moves ? ms(vocabulary_.time_after(tokens_.now, static_cast<std::int32_t>(id)))
                                     : std::numeric_limits<std::int64_t>::min();
      some |= after_ms_[id] <= latest;
      earliest = std::min(earliest, after_ms_[id]);
    }
    if (!some) latest = earliest;
    for (std::size_t id = 0; id < bias.size(); ++id)
      if (bias[id] != kForbidden && after_ms_[id] > latest) bias[id] = kForbidden;
  }

  // Applies the rules for pitches to the tokens that choose them.
  void constrain_notes(std::span<float> bias) {
    const auto& pitches = vocabulary_.pitches();
    const std::int64_t now = now_ms();
    const bool is_later = at_once() || now > onset_ms();
    const bool out_of_reach =
        !at_once() && ((task_.form.two_hands && !past_.hands.reaches_any(pitches, now)) ||
                       (task_.form.playable && !past_.pianist.reaches_any(pitches, now)));
    if (out_of_reach || (!is_later && timeline_.is_full())) {
      forbid_where([&](std::size_t id) { return type(id).chooses || type(id).strikes || type(id).commits; },
                   bias);
    }
    std::ranges::fill(pitch_bias_, kForbidden);
    bool some = false;
    const auto for_each_choice = [&](const auto& action) {
      for (const std::size_t next : vocabulary_.next_types(tokens_.now)) {
        if (!vocabulary_.types()[next].chooses) continue;
        for (const std::int32_t id : vocabulary_.types()[next].ids)
          if (bias[static_cast<std::size_t>(id)] != kForbidden) action(id);
      }
    };
    for_each_choice([&](std::int32_t id) {
      some = true;
      for (const std::int32_t index : vocabulary_.pitch_indices(id))
        pitch_bias_[static_cast<std::size_t>(index)] = 0;
    });
    if (!some) return;
    constrain_pitches(past_, task_.form, pitches, now, is_later, pitch_bias_);
    const auto sum = [&](std::int32_t id) {
      float total = 0;
      for (const std::int32_t index : vocabulary_.pitch_indices(id))
        total += pitch_bias_[static_cast<std::size_t>(index)];
      return total;
    };
    forbid_where(
        [&](std::size_t id) { return type(id).chooses && sum(static_cast<std::int32_t>(id)) == kForbidden; },
        bias);
    for_each_choice([&](std::int32_t id) {
      const float total = sum(id);
      if (total != kForbidden) bias[static_cast<std::size_t>(id)] += total;
    });
  }

  // Allows only the tokens that lead soonest to a note or let time pass.
  void lead_on(std::span<float> bias) const {
    const auto distance = [&](std::size_t id) {
      return type(id).moves || type(id).strikes ? 0 : type(id).to_progress;
    };
    int least = std::numeric_limits<int>::max();
    for (std::size_t id = 0; id < bias.size(); ++id)
      if (bias[id] != kForbidden) least = std::min(least, distance(id));
    forbid_where([&](std::size_t id) { return distance(id) > least; }, bias);
  }

  // Time that passes is a time shift, and a note that is chosen is a shift of no time.
  void steer(std::span<float> bias) {
    const auto& band = task_.config.notes_per_second;
    const Steering::Pull pull = past_.steering.pull(band ? &*band : nullptr);
    for (std::size_t i = 0; pull.duration != 0 && i < duration_ids_.size(); ++i)
      bias[static_cast<std::size_t>(duration_ids_[i])] +=
          static_cast<float>(pull.duration) * duration_ranks_[i];
    if (pull.time_shift == 0) return;
    for (const std::size_t next : vocabulary_.next_types(tokens_.now)) {
      const Vocabulary::Type& of = vocabulary_.types()[next];
      if (!of.moves && !of.chooses) continue;
      for (const std::int32_t id : of.ids) {
        const std::int64_t passes =
            of.moves ? ms(vocabulary_.time_after(tokens_.now, id)) - ms(tokens_.now.time) : 0;
        bias[static_cast<std::size_t>(id)] += static_cast<float>(pull.time_shift) * Steering::rank(passes);
      }
    }
  }

  void strike(std::uint8_t pitch, std::int32_t duration) {
    if (at_once()) tokens_.origin_ms = onset_ms() - vocabulary_.ms(tokens_.now, tokens_.now.time);
    const std::int64_t onset = now_ms();
    if (onset > onset_ms()) past_.loop_guard.next_onset();
    const std::int64_t lasts =
        duration == 0 ? FormRules::kLongestPressMs : ms(tokens_.now.time + duration) - ms(tokens_.now.time);
    const Note note{.onset_ms = onset,
                    .duration_ms = std::clamp<std::int64_t>(lasts, 1, ScoreLimits::kMaxMilliseconds),
                    .pitch = pitch,
                    .velocity = static_cast<std::uint8_t>(std::min(tokens_.now.velocity, max_velocity_)),
                    .program = vocabulary_.program(tokens_.now)};
    timeline_.take(note);
    const auto& pitches = vocabulary_.pitches();
    past_.loop_guard.push(
        static_cast<std::int32_t>(std::ranges::lower_bound(pitches, pitch) - pitches.begin()));
    past_.push(note);
    sounds_.push_back({Sound::Kind::note, note});
  }

  void release(std::uint8_t pitch, std::uint8_t program, std::int64_t at_ms) {
    timeline_.release(pitch, std::max(at_ms, onset_ms() + 1));
    sounds_.push_back({Sound::Kind::release, {.onset_ms = at_ms, .pitch = pitch, .program = program}});
  }

  // Whether the piece is over now that time has passed.
  bool is_over() const {
    if (at_once()) return false;
    const std::int64_t left = timeline_.last_onset_ms() - now_ms();
    if (left < 0 || (left < FormRules::kMinRemainingMs && timeline_.has_short_tail())) return true;
    return timeline_.may_end() && timeline_.is_closing() && timeline_.is_closed();
  }

  Outcome end() {
    if (provisional_ && !timeline_.is_closed() && attempt_ + 1 < FormRules::kClosingAttempts) {
      ++attempt_;
      return Outcome::rejected;
    }
    provisional_ = false;
    attempt_ = 0;
    for (std::size_t key = 0; !timeline_.is_last() && key < tokens_.now.pressed.size(); ++key) {
      if (tokens_.now.pressed[key] > 0)
        release(static_cast<std::uint8_t>(key % 128), vocabulary_.programs()[key / 128],
                now_ms() + FormRules::kLastReleaseMs);
    }
    if (timeline_.end() == Advance::finished) return Outcome::finished;
    past_.begin_piece();
    tokens_.now = tokens_.prompt;
    tokens_.idle = 0;
    begin_piece();
    sounds_.push_back({Sound::Kind::pause, {.onset_ms = onset_ms()}});
    return Outcome::new_piece;
  }

  // Music that begins with the seed continues from its last onset.
  void begin_piece() {
    const Registers& now = tokens_.now;
    const std::int64_t from = at_once() || now.last_strike < 0 ? now.time : now.last_strike;
    tokens_.origin_ms = onset_ms() - vocabulary_.ms(now, from);
  }

  ComposerTask task_;
  const Vocabulary& vocabulary_;
  Timeline timeline_;
  Past past_;
  TokenState tokens_;
  std::vector<float> pitch_bias_;       // scratch, one for each pitch of the vocabulary
  std::vector<std::int64_t> after_ms_;  // scratch, one for each token: the time after it
  std::vector<float> allowed_;          // scratch, one for each token: its bias before the rules of the form
  std::vector<std::int32_t> duration_ids_, durations_ms_;
  std::vector<float> duration_ranks_;  // one for each of these
  std::int32_t max_velocity_ = 127;
  std::vector<Sound> sounds_;  // of the last token
  bool needs_checkpoint_ = false;
  bool provisional_ = false;
  std::uint32_t attempt_ = 0;
};

}  // namespace

std::unique_ptr<Composer> compose_tokens(const ComposerTask& task, const FormState& state) {
  return std::make_unique<TokenComposer>(task, state);
}

}  // namespace longplay
