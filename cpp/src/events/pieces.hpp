// Pieces, compiled: which may follow, and how tokens are written with them (docs/vocabularies.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "events/vocabulary.hpp"
#include "model/pieces_config.hpp"

namespace longplay {

class Pieces {
 public:
  // The config has been validated. The vocabulary is that of the tokens.
  Pieces(const PiecesConfig& config, const Vocabulary& vocabulary);

  std::size_t size() const { return ends_.size(); }
  // The tokens that a piece stands for; none for the beginning of a word.
  std::span<const std::int32_t> tokens(std::int32_t id) const {
    const std::size_t begin = id == 0 ? 0 : ends_[static_cast<std::size_t>(id) - 1];
    return std::span(tokens_).subspan(begin, ends_[static_cast<std::size_t>(id)] - begin);
  }
  // The piece that stands for one token.
  std::int32_t alone(std::int32_t token) const { return alone_[static_cast<std::size_t>(token)]; }

  // Adds the bias of its first token to the bias of each piece, and forbids the pieces of which a later token
  // must not follow. Ignores pieces without tokens. `tokens` are the biases of the tokens; `changes` is
  // scratch.
  void constrain(const Vocabulary& vocabulary, const Registers& at, std::span<const float> tokens,
                 std::vector<Attempt::Change>& changes, std::span<float> bias) const;

  // Returns the tokens of pieces. Throws std::invalid_argument naming an id out of range.
  std::vector<std::int32_t> expand(std::span<const std::int32_t> ids) const;
  // Writes tokens as pieces: merges the earliest pair of BPE again and again, or finds the most probable
  // pieces of Unigram.
  std::vector<std::int32_t> write(const Vocabulary& vocabulary, std::span<const std::int32_t> tokens) const;

 private:
  using Word = std::vector<std::int32_t>;  // symbols: tokens, after PiecesConfig::kWord or not

  // A node of the trie of the pieces' tokens. Children are neighbours.
  struct Node {
    std::int32_t token = 0;
    std::size_t first_child = 0, children = 0;
    std::vector<std::int32_t> ids;  // of the pieces that end here
  };
  struct Filter;

  void add_nodes(std::span<const std::int32_t> ids, std::size_t depth, std::size_t parent);
  void visit(Filter& filter, const Attempt& at, const Node& node, float bias) const;
  std::vector<Word> words(const Vocabulary& vocabulary, std::span<const std::int32_t> tokens) const;
  Word merged(Word symbols) const;
  Word most_probable(const Word& symbols) const;

  std::vector<std::int32_t> tokens_;  // of all pieces
  std::vector<std::size_t> ends_;     // by id, in `tokens_`
  std::vector<std::int32_t> alone_;   // by token
  std::vector<Node> nodes_;           // the first is the root
  std::map<Word, std::int32_t> ids_;  // by symbols
  WordBoundary boundary_;
  bool has_words_ = false;
  std::size_t longest_ = 0;                                                    // in symbols
  std::map<std::array<std::int32_t, 2>, std::array<std::int32_t, 2>> merges_;  // a pair: its rank, its piece
  std::vector<double> scores_;
};

}  // namespace longplay
