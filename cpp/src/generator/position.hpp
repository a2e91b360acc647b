// Positions <-> bytes. Whoever reads them trusts nothing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

std::vector<std::byte> pack(Position position);

// Throws SnapshotError unless the bytes are a position of a candidate of this model and form.
Position unpack(std::span<const std::byte> bytes, const ModelConfig& config, const Form& form);

}  // namespace longplay
