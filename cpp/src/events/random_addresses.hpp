// Addresses of random numbers. An address is (random seed, candidate, event, field). This file divides the
// `field` words among the purposes, so that no two purposes share a number.
#pragma once

#include <cstdint>

namespace longplay::random_address {

inline constexpr std::uint32_t kFields = 64;    // of an event, ModelLimits::kMaxFields
inline constexpr std::uint32_t kRedraws = 256;  // of a field in one attempt
inline constexpr std::uint32_t kPieceEnd = 1U << 16;
inline constexpr std::uint32_t kResampling = 1U << 17;
inline constexpr std::uint32_t kFirstRedraw = 1U << 24;
inline constexpr std::uint32_t kFirstSearched = 1U << 30;
inline constexpr std::uint32_t kFirstParticle = 3U << 29;
inline constexpr std::uint32_t kFirstBranch = 1U << 31;

// For a field of an event. Each attempt repeats the close of a piece; the first attempt is 0.
constexpr std::uint32_t draw(std::uint32_t field, std::uint32_t attempt) { return field + kFields * attempt; }

// For a field that is drawn again after a refusal.
constexpr std::uint32_t redraw(std::uint32_t attempt, std::uint32_t refusals) {
  return kFirstRedraw + kRedraws * attempt + refusals;
}

constexpr std::uint32_t branch(std::uint32_t number) { return kFirstBranch | number; }

// For a branch of a phrase that is searched.
constexpr std::uint32_t searched(std::uint32_t number) { return kFirstSearched | number; }

// For a particle in a span of a sketch.
constexpr std::uint32_t particle(std::uint32_t number) { return kFirstParticle | number; }

}  // namespace longplay::random_address
