#include "events/random.hpp"

#include "events/random_addresses.hpp"

namespace longplay {
namespace {

// The constants of the paper: two multipliers, and the Weyl steps that turn the key each round.
constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kKeyStep0 = 0x9E3779B9;  // golden ratio
constexpr std::uint32_t kKeyStep1 = 0xBB67AE85;  // sqrt(3) - 1
constexpr int kRounds = 10;

constexpr std::uint32_t low_word(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high_word(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {high_word(product1) ^ counter[1] ^ key[0], low_word(product1),
               high_word(product0) ^ counter[3] ^ key[1], low_word(product0)};
    key[0] += kKeyStep0;
    key[1] += kKeyStep1;
  }
  return counter;
}

namespace {

// The 64 bits at an address.
std::uint64_t bits_at(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t event,
                      std::uint32_t field) noexcept {
  const auto words = philox4x32({low_word(event), high_word(event), field, candidate},
                                {low_word(random_seed), high_word(random_seed)});
  return std::uint64_t{words[1]} << 32 | words[0];
}

}  // namespace

double uniform(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t event,
               std::uint32_t field) noexcept {
  return static_cast<double>(bits_at(random_seed, candidate, event, field) >> 11) * 0x1p-53;
}

std::uint64_t branch_seed(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t event,
                          std::uint32_t branch) noexcept {
  return bits_at(random_seed, candidate, event, random_address::branch(branch));
}

std::uint64_t searched_seed(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t event,
                            std::uint32_t branch) noexcept {
  if (branch == 0) return random_seed;
  return bits_at(random_seed, candidate, event, random_address::searched(branch));
}

std::uint64_t particle_seed(std::uint64_t random_seed, std::uint32_t candidate, std::uint64_t span,
                            std::uint32_t particle) noexcept {
  return bits_at(random_seed, candidate, span, random_address::particle(particle));
}

}  // namespace longplay
