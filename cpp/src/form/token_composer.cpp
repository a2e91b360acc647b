#include "form/token_composer.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "events/sampling.hpp"
#include "form/pitch_rules.hpp"

namespace longplay {

TokenComposer::TokenComposer(const ComposerTask& task, const FormState& state)
    : vocabulary_(task.notation.vocabulary()),
      form_(&task.form),
      band_(task.config.notes_per_second ? &*task.config.notes_per_second : nullptr),
      random_seed_(task.random_seed),
      candidate_(task.candidate),
      timeline_(task.form, task.random_seed, task.candidate, state.timeline),
      past_(state.past),
      tokens_(*state.tokens),
      pitch_bias_(vocabulary_->pitches().size()),
      after_ms_(vocabulary_->size()),
      allowed_(vocabulary_->size()) {
  const Registers begin = vocabulary_->begin();
  for (std::int32_t id = 0; id < static_cast<std::int32_t>(vocabulary_->size()); ++id)
    if (type(id).lengthens) add_duration(begin, id);
  limit_velocity(task);
  duration_ranks_ = Steering::ranks(durations_ms_);
}

bool TokenComposer::constrain(std::size_t, std::span<const std::int32_t>, std::span<float> bias) {
  vocabulary_->constrain(tokens_.now, bias);
  require_some(bias);
  const bool is_patient = tokens_.idle < 2 * FormRules::kMostIdleTokens;
  if (is_patient) {
    std::ranges::copy(bias, allowed_.begin());
    constrain_time(bias);
    constrain_notes(bias);
  }
  if (tokens_.idle >= FormRules::kMostIdleTokens) lead_on(bias);
  if (is_patient && !has_some(bias)) std::ranges::copy(allowed_, bias.begin());
  if (is_patient && form_->steady) steer(bias);
  return true;
}

bool TokenComposer::accepts(std::size_t, std::span<const std::int32_t>, std::int32_t id) {
  if (!past_.quote_guard.watches() || !type(id).chooses) return true;
  if (!would_quote(vocabulary_->values(id))) return true;
  past_.quote_guard.refuse();
  return false;
}

Outcome TokenComposer::accept(std::span<const std::int32_t> event) {
  needs_checkpoint_ = false;
  sounds_.clear();
  const std::int32_t id = event[0];
  const std::int64_t before = tokens_.now.time;
  vocabulary_->take(
      tokens_.now, id, [&](std::uint8_t pitch, std::int32_t duration) { strike(pitch, duration); },
      [&](std::uint8_t pitch) { release(pitch, vocabulary_->program(tokens_.now), now_ms()); });
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

void TokenComposer::read(std::span<const std::int32_t> event) {
  vocabulary_->take(tokens_.now, event[0], [](auto...) {}, [](auto...) {});
  tokens_.prompt = tokens_.now;
  begin_piece();
}

void TokenComposer::restore(const FormState& state) {
  timeline_ = Timeline(*form_, random_seed_, candidate_, state.timeline);
  past_ = state.past;
  tokens_ = *state.tokens;
}

// The pitches of a chord are struck from the lowest to the highest.
bool TokenComposer::would_quote(std::span<const std::int32_t> pitches) const {
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
void TokenComposer::add_duration(const Registers& begin, std::int32_t id) {
  duration_ids_.push_back(id);
  for (const auto& [kind, constant] : type(id).operations) {
    if (kind != Operation::duration) continue;
    const std::int32_t ticks = constant ? *constant : vocabulary_->values(id).front();
    durations_ms_.push_back(
        static_cast<std::int32_t>(std::min<std::int64_t>(vocabulary_->ms(begin, ticks), kDayMs)));
    return;
  }
}

// A velocity that the seed has set obeys the bias, too.
void TokenComposer::limit_velocity(const ComposerTask& task) {
  const Pieces* pieces = task.notation.pieces();
  int allowed = 0;
  bool all = true;
  for (std::int32_t id = 0; id < static_cast<std::int32_t>(task.bias.size()); ++id) {
    const bool is_allowed = task.bias[static_cast<std::size_t>(id)] != kForbidden;
    const auto tokens = pieces == nullptr ? std::span<const std::int32_t>(&id, 1) : pieces->tokens(id);
    for (const std::int32_t token : tokens) {
      for (const auto& [kind, constant] : type(token).operations) {
        if (kind != Operation::velocity) continue;
        all = all && is_allowed;
        if (is_allowed)
          allowed = std::max(allowed, constant ? *constant : vocabulary_->values(token).front());
      }
    }
  }
  if (!all && allowed > 0) max_velocity_ = allowed;
}

bool TokenComposer::has_some(std::span<const float> bias) {
  return std::ranges::any_of(bias, [](float each) { return each != kForbidden; });
}

void TokenComposer::require_some(std::span<const float> bias) const {
  const bool is_stuck = tokens_.idle >= 4 * FormRules::kMostIdleTokens;
  if (!is_stuck && has_some(bias)) return;
  throw Error("candidate " + std::to_string(candidate_) + " cannot continue after " +
              std::to_string(onset_ms()) + " ms: the vocabulary allows no token that leads on");
}

// Forbids tokens after which a note would start too late, and the end of a piece where it must not end. If
// there are no others, the earliest stay allowed.
void TokenComposer::constrain_time(std::span<float> bias) {
  if (!timeline_.may_end()) forbid_where([&](std::size_t id) { return type(id).ends; }, bias);
  std::int64_t latest = timeline_.latest_ms();
  if (!at_once() && !timeline_.has_short_tail()) latest = std::min(latest, timeline_.last_onset_ms());
  bool some = false;  // in time
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
  for (std::size_t id = 0; id < bias.size(); ++id) {
    if (bias[id] == kForbidden) continue;
    after_ms_[id] = type(id).moves ? ms(vocabulary_->time_after(tokens_.now, static_cast<std::int32_t>(id)))
                                   : std::numeric_limits<std::int64_t>::min();
    some |= after_ms_[id] <= latest;
    earliest = std::min(earliest, after_ms_[id]);
  }
  if (!some) latest = earliest;
  for (std::size_t id = 0; id < bias.size(); ++id)
    if (bias[id] != kForbidden && after_ms_[id] > latest) bias[id] = kForbidden;
}

// Applies the rules for pitches to the tokens that choose them.
void TokenComposer::constrain_notes(std::span<float> bias) {
  const auto& pitches = vocabulary_->pitches();
  const std::int64_t now = now_ms();
  const bool is_later = at_once() || now > onset_ms();
  const bool out_of_reach = !at_once() && ((form_->two_hands && !past_.hands.reaches_any(pitches, now)) ||
                                           (form_->playable && !past_.pianist.reaches_any(pitches, now)));
  if (out_of_reach || (!is_later && timeline_.is_full())) {
    forbid_where([&](std::size_t id) { return type(id).chooses || type(id).strikes || type(id).commits; },
                 bias);
  }
  std::ranges::fill(pitch_bias_, kForbidden);
  bool some = false;
  const auto for_each_choice = [&](const auto& action) {
    for (const std::size_t next : vocabulary_->next_types(tokens_.now)) {
      if (!vocabulary_->types()[next].chooses) continue;
      for (const std::int32_t id : vocabulary_->types()[next].ids)
        if (bias[static_cast<std::size_t>(id)] != kForbidden) action(id);
    }
  };
  for_each_choice([&](std::int32_t id) {
    some = true;
    for (const std::int32_t index : vocabulary_->pitch_indices(id))
      pitch_bias_[static_cast<std::size_t>(index)] = 0;
  });
  if (!some) return;
  constrain_pitches(past_, *form_, pitches, now, is_later, pitch_bias_);
  const auto sum = [&](std::int32_t id) {
    float total = 0;
    for (const std::int32_t index : vocabulary_->pitch_indices(id))
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
void TokenComposer::lead_on(std::span<float> bias) const {
  const auto distance = [&](std::size_t id) {
    return type(id).moves || type(id).strikes ? 0 : type(id).to_progress;
  };
  int least = std::numeric_limits<int>::max();
  for (std::size_t id = 0; id < bias.size(); ++id)
    if (bias[id] != kForbidden) least = std::min(least, distance(id));
  forbid_where([&](std::size_t id) { return distance(id) > least; }, bias);
}

// Time that passes is a time shift, and a note that is chosen is a shift of no time.
void TokenComposer::steer(std::span<float> bias) {
  const Steering::Pull pull = past_.steering.pull(band_);
  for (std::size_t i = 0; pull.duration != 0 && i < duration_ids_.size(); ++i)
    bias[static_cast<std::size_t>(duration_ids_[i])] +=
        static_cast<float>(pull.duration) * duration_ranks_[i];
  if (pull.time_shift == 0) return;
  for (const std::size_t next : vocabulary_->next_types(tokens_.now)) {
    const Vocabulary::Type& of = vocabulary_->types()[next];
    if (!of.moves && !of.chooses) continue;
    for (const std::int32_t id : of.ids) {
      const std::int64_t passes =
          of.moves ? ms(vocabulary_->time_after(tokens_.now, id)) - ms(tokens_.now.time) : 0;
      bias[static_cast<std::size_t>(id)] += static_cast<float>(pull.time_shift) * Steering::rank(passes);
    }
  }
}

void TokenComposer::strike(std::uint8_t pitch, std::int32_t duration) {
  if (at_once()) tokens_.origin_ms = onset_ms() - vocabulary_->ms(tokens_.now, tokens_.now.time);
  const std::int64_t onset = now_ms();
  if (onset > onset_ms()) past_.loop_guard.next_onset();
  const std::int64_t lasts =
      duration == 0 ? FormRules::kLongestPressMs : ms(tokens_.now.time + duration) - ms(tokens_.now.time);
  const Note note{.onset_ms = onset,
                  .duration_ms = std::clamp<std::int64_t>(lasts, 1, ScoreLimits::kMaxMilliseconds),
                  .pitch = pitch,
                  .velocity = static_cast<std::uint8_t>(std::min(tokens_.now.velocity, max_velocity_)),
                  .program = vocabulary_->program(tokens_.now)};
  timeline_.take(note);
  const auto& pitches = vocabulary_->pitches();
  past_.loop_guard.push(
      static_cast<std::int32_t>(std::ranges::lower_bound(pitches, pitch) - pitches.begin()));
  past_.push(note);
  sounds_.push_back({Sound::Kind::note, note});
}

void TokenComposer::release(std::uint8_t pitch, std::uint8_t program, std::int64_t at_ms) {
  timeline_.release(pitch, std::max(at_ms, onset_ms() + 1));
  sounds_.push_back({Sound::Kind::release, {.onset_ms = at_ms, .pitch = pitch, .program = program}});
}

// Whether the piece is over now that time has passed.
bool TokenComposer::is_over() const {
  if (at_once()) return false;
  const std::int64_t left = timeline_.last_onset_ms() - now_ms();
  if (left < 0 || (left < FormRules::kMinRemainingMs && timeline_.has_short_tail())) return true;
  return timeline_.may_end() && timeline_.is_closing() && timeline_.is_closed();
}

Outcome TokenComposer::end() {
  if (provisional_ && !timeline_.is_closed() && attempt_ + 1 < FormRules::kClosingAttempts) {
    ++attempt_;
    return Outcome::rejected;
  }
  provisional_ = false;
  attempt_ = 0;
  for (std::size_t key = 0; !timeline_.is_last() && key < tokens_.now.pressed.size(); ++key) {
    if (tokens_.now.pressed[key] > 0)
      release(static_cast<std::uint8_t>(key % 128), vocabulary_->programs()[key / 128],
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
void TokenComposer::begin_piece() {
  const Registers& now = tokens_.now;
  const std::int64_t from = at_once() || now.last_strike < 0 ? now.time : now.last_strike;
  tokens_.origin_ms = onset_ms() - vocabulary_->ms(now, from);
}

std::unique_ptr<Composer> compose_tokens(const ComposerTask& task, const FormState& state) {
  return std::make_unique<TokenComposer>(task, state);
}

}  // namespace longplay
