// The declaration of pieces, the learned tokens of BPE or Unigram: each stands for several tokens of a
// vocabulary (docs/vocabularies.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace longplay {

// Where words begin. A piece lies in one word.
enum class WordBoundary : std::uint8_t { none, bar, beat };
inline constexpr std::array<const char*, 3> kWordBoundaryNames{"none", "bar", "beat"};

struct PiecesConfig {
  static constexpr std::size_t kMaxTokens = 256;  // of a piece
  static constexpr std::int32_t kWord = -1;       // stands for the beginning of a word

  using Piece = std::vector<std::int32_t>;  // ids of the vocabulary's tokens, after kWord or not

  std::vector<Piece> pieces;
  WordBoundary words = WordBoundary::none;
  std::vector<std::array<std::int32_t, 2>> merges;  // of BPE: pairs of pieces that become one, earliest first
  std::vector<double> scores;                       // of Unigram: the log-probability of each piece

  // Throws std::invalid_argument naming the first entry that breaks the contract, for a field of `size` ids
  // and a vocabulary of so many tokens.
  void validate(std::int32_t size, std::size_t tokens) const;
};

}  // namespace longplay
