#include "generator/search.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "events/random.hpp"

namespace longplay {
namespace {

// Returns the end of the phrase after an onset.
std::int64_t phrase_end(const Form& form, std::int64_t onset, std::int64_t phrase_ms) {
  const std::int64_t end = (onset / phrase_ms + 1) * phrase_ms;
  const std::int64_t ending = form.length_ms - FormRules::kEndingMs;
  return onset < ending ? std::min(end, ending) : end;
}

}  // namespace

struct Search::Branch : Request {
  Searched* of = nullptr;
  std::optional<GenerationResult> result;
};

// A request with branches, under way.
struct Search::Searched {
  const Request* request = nullptr;
  std::vector<Branch> branches;  // of the phrase under way; the first alone reads the prompt
  std::size_t missing = 0;       // branches without a result
  DecodeState state;             // before the phrase
  GenerationResult kept;         // of the phrases before it
};

Search::Search(Queue& queue, Critic* critic, const ModelConfig& config, const Stop& stop)
    : queue_(&queue), critic_(critic), config_(&config), stop_(&stop) {}

Search::~Search() = default;

const Request* Search::next() {
  if (ready_.empty()) {
    const Request* request = queue_->next();
    if (!request || request->search == 1) return request;
    request->validate(*config_);
    begin(*request);
  }
  const Request* branch = ready_.front();
  ready_.pop_front();
  return branch;
}

// The state after the prompt is the same for all branches, so one reads it.
void Search::begin(const Request& request) {
  Searched& searched = *active_.emplace_back(std::make_unique<Searched>());
  searched.request = &request;
  Branch& first = searched.branches.emplace_back(Branch{request, &searched, {}});
  first.max_events = 0;
  first.keep_state = true;
  searched.missing = 1;
  ready_.push_back(&first);
}

void Search::fork(Searched& searched) {
  const Request& request = *searched.request;
  const DecodeState& state = searched.state;
  searched.branches.clear();
  for (int number = 0; number < request.search; ++number) {
    stop_->check();
    Branch& branch = searched.branches.emplace_back(Branch{request, &searched, {}});
    branch.from = state;
    branch.prompt.clear();
    branch.random_seed = searched_seed(request.random_seed, request.candidate, state.events_drawn,
                                       static_cast<std::uint32_t>(number));
    branch.max_events = std::numeric_limits<std::uint64_t>::max();
    branch.until_ms = phrase_end(*request.form, state.form.timeline.onset, config_->critic->phrase_ms);
    branch.keep_state = true;
  }
  searched.missing = searched.branches.size();
  for (const Branch& branch : searched.branches) ready_.push_back(&branch);
}

void Search::done(const Request& request, GenerationResult result) {
  if (request.search == 1) {
    queue_->done(request, std::move(result));
    return;
  }
  Searched& searched = *static_cast<const Branch&>(request).of;
  const auto number =
      static_cast<std::size_t>(static_cast<const Branch*>(&request) - searched.branches.data());
  searched.branches[number].result = std::move(result);
  if (--searched.missing > 0) return;
  keep(searched);
  const GenerationResult& kept = searched.kept;
  const Request& asked = *searched.request;
  if (kept.finished || kept.onsets_ms.size() >= asked.max_events ||
      (!kept.onsets_ms.empty() && kept.onsets_ms.back() >= asked.until_ms)) {
    deliver(searched);
  } else {
    fork(searched);
  }
}

// Adds the best branch to what is kept.
void Search::keep(Searched& searched) {
  GenerationResult& drawn = *searched.branches[best(searched)].result;
  GenerationResult& kept = searched.kept;
  kept.finished = drawn.finished;
  const std::int64_t before =
      kept.onsets_ms.empty() ? searched.state.form.timeline.onset : kept.onsets_ms.back();
  kept.append(drawn);
  searched.state = std::move(*drawn.state);
  if (!drawn.onsets_ms.empty()) queue_->progress(kept.onsets_ms.back() - before);
}

// Of branches that are as good, the first is the best.
std::size_t Search::best(const Searched& searched) {
  const auto& branches = searched.branches;
  if (branches.size() == 1) return 0;
  std::size_t best = 0;
  float highest = -std::numeric_limits<float>::infinity();
  for (std::size_t first = 0; first < branches.size(); first += Critic::kMostPhrases) {
    stop_->check();
    std::vector<std::span<const std::int32_t>> phrases;
    for (std::size_t i = first; i < std::min(first + Critic::kMostPhrases, branches.size()); ++i)
      phrases.push_back(branches[i].result->state->recent);
    const std::vector<float> logits = critic_->judge(phrases);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      if (logits[i] <= highest) continue;
      highest = logits[i];
      best = first + i;
    }
  }
  return best;
}

void Search::deliver(Searched& searched) {
  if (searched.request->keep_state) searched.kept.state = std::move(searched.state);
  queue_->done(*searched.request, std::move(searched.kept));
  std::erase_if(active_, [&](const auto& one) { return one.get() == &searched; });
}

}  // namespace longplay
