#include "events/pieces.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "base/require.hpp"
#include "events/sampling.hpp"

namespace longplay {

Pieces::Pieces(const PiecesConfig& config, const Vocabulary& vocabulary)
    : alone_(vocabulary.size()), boundary_(config.words), scores_(config.scores) {
  std::int32_t id = 0;
  for (const Word& symbols : config.pieces) {
    const bool begins_word = symbols[0] == PiecesConfig::kWord;
    has_words_ |= begins_word;
    tokens_.insert(tokens_.end(), symbols.begin() + (begins_word ? 1 : 0), symbols.end());
    ends_.push_back(tokens_.size());
    if (symbols.size() == 1 && !begins_word) alone_[static_cast<std::size_t>(symbols[0])] = id;
    longest_ = std::max(longest_, symbols.size());
    ids_.emplace(symbols, id++);
  }
  for (const auto& pair : config.merges) {
    Word symbols = config.pieces[static_cast<std::size_t>(pair[0])];
    const Word& right = config.pieces[static_cast<std::size_t>(pair[1])];
    symbols.insert(symbols.end(), right.begin(), right.end());
    merges_.emplace(pair, std::array{static_cast<std::int32_t>(merges_.size()), ids_.at(symbols)});
  }
  std::vector<std::int32_t> sorted(size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::ranges::sort(sorted, [&](std::int32_t a, std::int32_t b) {
    return std::ranges::lexicographical_compare(tokens(a), tokens(b));
  });
  nodes_.emplace_back();
  add_nodes(sorted, 0, 0);
}

// Adds what is below a node: `ids` are the pieces that begin with its `depth` tokens, in order.
void Pieces::add_nodes(std::span<const std::int32_t> ids, std::size_t depth, std::size_t parent) {
  std::size_t first = 0;
  for (; first < ids.size() && tokens(ids[first]).size() == depth; ++first)
    nodes_[parent].ids.push_back(ids[first]);
  nodes_[parent].first_child = nodes_.size();
  std::vector<std::span<const std::int32_t>> groups;
  for (std::size_t last = first; first < ids.size(); first = last) {
    const std::int32_t token = tokens(ids[first])[depth];
    while (last < ids.size() && tokens(ids[last])[depth] == token) ++last;
    groups.push_back(ids.subspan(first, last - first));
    nodes_.push_back({.token = token, .ids = {}});
  }
  nodes_[parent].children = groups.size();
  for (std::size_t child = 0; child < groups.size(); ++child)
    add_nodes(groups[child], depth + 1, nodes_[parent].first_child + child);
}

struct Pieces::Filter {
  const Vocabulary& vocabulary;
  std::vector<Attempt::Change>& changes;
  std::span<float> bias;

  // The registers after one more token.
  Attempt after(const Attempt& at, std::int32_t token) const {
    Attempt next = at;
    vocabulary.take(next, token, [](auto...) {}, [](auto...) {});
    return next;
  }
};

void Pieces::constrain(const Vocabulary& vocabulary, const Registers& at, std::span<const float> tokens,
                       std::vector<Attempt::Change>& changes, std::span<float> bias) const {
  Filter filter{vocabulary, changes, bias};
  std::ranges::fill(bias, kForbidden);
  const Node& root = nodes_.front();
  for (const std::int32_t id : root.ids) bias[static_cast<std::size_t>(id)] = 0;
  changes.clear();
  for (const Node& child : std::span(nodes_).subspan(root.first_child, root.children)) {
    const float first = tokens[static_cast<std::size_t>(child.token)];
    if (first != kForbidden) visit(filter, Attempt(at, changes), child, first);
  }
}

// Allows the pieces that end in a node, whose token may follow, or below it.
void Pieces::visit(Filter& filter, const Attempt& at, const Node& node, float bias) const {
  for (const std::int32_t id : node.ids) filter.bias[static_cast<std::size_t>(id)] = bias;
  if (node.children == 0) return;
  const std::size_t changes = filter.changes.size();
  const Attempt after = filter.after(at, node.token);
  for (const Node& child : std::span(nodes_).subspan(node.first_child, node.children))
    if (filter.vocabulary.may_follow(after, child.token)) visit(filter, after, child, bias);
  filter.changes.resize(changes);
}

std::vector<std::int32_t> Pieces::expand(std::span<const std::int32_t> ids) const {
  std::vector<std::int32_t> all;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    require_range("token " + std::to_string(i), ids[i], 0, static_cast<std::int32_t>(size()) - 1);
    all.insert(all.end(), tokens(ids[i]).begin(), tokens(ids[i]).end());
  }
  return all;
}

std::vector<std::int32_t> Pieces::write(const Vocabulary& vocabulary,
                                        std::span<const std::int32_t> tokens) const {
  std::vector<std::int32_t> ids;
  for (const Word& word : words(vocabulary, tokens)) {
    const Word written = scores_.empty() ? merged(word) : most_probable(word);
    ids.insert(ids.end(), written.begin(), written.end());
  }
  return ids;
}

// A word begins with the first token of a bar or beat. A shift belongs to where it begins if more shifts may
// follow, else to the note after it. No word begins at the end of the music.
std::vector<Pieces::Word> Pieces::words(const Vocabulary& vocabulary,
                                        std::span<const std::int32_t> tokens) const {
  std::vector<Word> words;
  Registers at = vocabulary.begin();
  const auto take = [&](std::int32_t token) { vocabulary.take(at, token, [](auto...) {}, [](auto...) {}); };
  for (const std::int32_t token : tokens) take(token);
  const std::int64_t end = std::max(at.time, at.latest_end);
  at = vocabulary.begin();
  std::int64_t current = 0;  // bar or beat
  for (const std::int32_t token : tokens) {
    const std::int64_t before = at.time;
    take(token);
    const Vocabulary::Type& type = vocabulary.types()[vocabulary.type_of(token)];
    const bool is_shift = !type.seeks && std::ranges::any_of(type.then, [&](std::size_t next) {
      return vocabulary.types()[next].moves;
    });
    const std::int64_t time = is_shift ? before : at.time;
    const std::int64_t length = boundary_ == WordBoundary::bar ? at.bar_length : vocabulary.beat_ticks(at);
    const std::int64_t index = boundary_ == WordBoundary::none ? 0 : time / length;
    if (words.empty() || (index != current && index * length < end)) {
      words.emplace_back();
      if (has_words_) words.back().push_back(PiecesConfig::kWord);
    }
    current = index;
    words.back().push_back(token);
  }
  return words;
}

// Merges all pairs of the earliest merge, then of the next one.
Pieces::Word Pieces::merged(Word symbols) const {
  for (std::int32_t& symbol : symbols) symbol = ids_.at({symbol});
  while (true) {
    const std::array<std::int32_t, 2>* best = nullptr;  // a rank and a piece
    std::array<std::int32_t, 2> pair{};
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = merges_.find({symbols[i], symbols[i + 1]});
      if (found == merges_.end() || (best != nullptr && found->second[0] >= (*best)[0])) continue;
      best = &found->second;
      pair = found->first;
    }
    if (best == nullptr) return symbols;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const bool merges = i + 1 < symbols.size() && symbols[i] == pair[0] && symbols[i + 1] == pair[1];
      symbols[kept++] = merges ? (*best)[1] : symbols[i];
      i += merges ? 1 : 0;
    }
    symbols.resize(kept);
  }
}

// The Viterbi algorithm. Of equal sums, the one whose last piece is longest.
Pieces::Word Pieces::most_probable(const Word& symbols) const {
  struct Best {
    double score = -std::numeric_limits<double>::infinity();
    std::size_t before = 0;
    std::int32_t id = 0;
  };
  std::vector<Best> best(symbols.size() + 1);  // by number of symbols
  best[0].score = 0;
  for (std::size_t first = 0; first < symbols.size(); ++first) {
    for (std::size_t last = first + 1; last <= std::min(first + longest_, symbols.size()); ++last) {
      const auto found = ids_.find(Word(symbols.begin() + static_cast<std::ptrdiff_t>(first),
                                        symbols.begin() + static_cast<std::ptrdiff_t>(last)));
      if (found == ids_.end()) continue;
      const double score = best[first].score + scores_[static_cast<std::size_t>(found->second)];
      if (score > best[last].score) best[last] = {score, first, found->second};
    }
  }
  Word written;
  for (std::size_t end = symbols.size(); end > 0; end = best[end].before) written.push_back(best[end].id);
  std::ranges::reverse(written);
  return written;
}

}  // namespace longplay
