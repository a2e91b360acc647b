// Drawn events -> the notes of a piece of exact length.
#pragma once

#include <cstdint>
#include <vector>

#include "longplay/generator.hpp"
#include "longplay/score.hpp"
#include "longplay/tokenizer.hpp"

namespace longplay {

// `before`: notes that come before the first drawn one. The result obeys resolve_overlaps; nothing
// sounds past the start of a new piece of a recital, nor in the last kSilentEndMs of the whole.
std::vector<Note> assemble(const Tokenizer& tokenizer, const Drawn& drawn, std::vector<Note> before,
                           std::int64_t length_ms);

inline constexpr std::int64_t kSilentEndMs = 10;

}  // namespace longplay
