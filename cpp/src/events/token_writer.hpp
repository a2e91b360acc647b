// Writes notes as the tokens of a vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/note.hpp"
#include "events/vocabulary.hpp"

namespace longplay {

// Returns the fewest tokens, each of which may follow the one before it, that strike every note at its
// nearest tick, with the nearest velocity and duration. Where there is a choice, time passes first. Leaves
// out notes that the vocabulary cannot write: other pitches and, where one key at a time is pressed, all but
// the highest of a chord. If only notes let time pass, writes one token for the notes of each onset: the one
// with the most equal pitches. Throws std::invalid_argument naming a note that is out of order.
std::vector<std::int32_t> write_tokens(const Vocabulary& vocabulary, std::span<const Note> notes);

}  // namespace longplay
