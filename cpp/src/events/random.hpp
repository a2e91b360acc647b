// Counter-based random numbers. Philox4x32-10, Salmon et al., "Parallel Random Numbers: As
// Easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace longplay {

// Ten rounds of Philox over a counter of four words with a key of two.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) noexcept;

// Returns the random number in [0, 1), 53 bits, for one field of one event of a candidate.
double uniform(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t event,
               std::uint32_t field) noexcept;

// Returns the random seed with which a candidate that has drawn `event` events resumes as its branch
// `branch`, in [1, 2^31).
std::uint64_t branch_seed(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t event,
                          std::uint32_t branch) noexcept;

// Returns the random seed of a branch of the phrase that begins after `event` events. Branch 0 has
// `random_seed` itself.
std::uint64_t searched_seed(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t event,
                            std::uint32_t branch) noexcept;

// Returns the random seed of a particle in the span number `span` of a sketch.
std::uint64_t particle_seed(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t span,
                            std::uint32_t particle) noexcept;

}  // namespace longplay
