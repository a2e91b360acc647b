#include "model/pieces_config.hpp"

#include <cmath>
#include <set>
#include <string>

#include "base/require.hpp"

namespace longplay {
namespace {

using Piece = PiecesConfig::Piece;

void validate_piece(const Piece& piece, std::size_t tokens, const std::string& entry) {
  require_entries(entry, piece.size(), 1, PiecesConfig::kMaxTokens);
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (i == 0 && piece[0] == PiecesConfig::kWord) continue;
    require_range(indexed(entry, i), piece[i], 0, static_cast<std::int32_t>(tokens) - 1);
  }
}

std::set<Piece> validate_pieces(const std::vector<Piece>& pieces, std::size_t tokens) {
  std::set<Piece> all;
  bool has_words = false;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const std::string entry = indexed("vocabulary.pieces.tokens", id);
    validate_piece(pieces[id], tokens, entry);
    if (!all.insert(pieces[id]).second) refuse(entry + " must differ from the other pieces");
    has_words |= pieces[id][0] == PiecesConfig::kWord;
  }
  const std::string missing =
      "vocabulary.pieces.tokens must hold each token as a piece of its own, but has no ";
  for (std::int32_t token = 0; token < static_cast<std::int32_t>(tokens); ++token)
    if (!all.contains({token})) refuse(missing + "[" + std::to_string(token) + "]");
  if (has_words && !all.contains({PiecesConfig::kWord})) refuse(missing + "[null]");
  return all;
}

void validate_merge(const PiecesConfig& config, std::size_t index, const std::set<Piece>& all) {
  const std::string entry = indexed("vocabulary.pieces.merges", index);
  const auto last = static_cast<std::int32_t>(config.pieces.size()) - 1;
  for (std::size_t side = 0; side < 2; ++side)
    require_range(indexed(entry, side), config.merges[index][side], 0, last);
  Piece merged = config.pieces[static_cast<std::size_t>(config.merges[index][0])];
  const Piece& right = config.pieces[static_cast<std::size_t>(config.merges[index][1])];
  merged.insert(merged.end(), right.begin(), right.end());
  if (!all.contains(merged)) refuse(entry + " must become one of vocabulary.pieces.tokens");
}

}  // namespace

void PiecesConfig::validate(std::int32_t size, std::size_t tokens) const {
  require_entries("vocabulary.pieces.tokens", pieces.size(), static_cast<std::size_t>(size));
  const std::set<Piece> all = validate_pieces(pieces, tokens);
  if (merges.empty() == scores.empty())
    refuse("vocabulary.pieces must have either merges, as BPE has, or scores, as Unigram has");
  for (std::size_t index = 0; index < merges.size(); ++index) validate_merge(*this, index, all);
  if (!scores.empty()) require_entries("vocabulary.pieces.scores", scores.size(), pieces.size());
  for (std::size_t id = 0; id < scores.size(); ++id)
    if (!std::isfinite(scores[id])) refuse(indexed("vocabulary.pieces.scores", id) + " must be finite");
}

}  // namespace longplay
