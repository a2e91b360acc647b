// Decode states as bytes. The reader validates all of them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "generator/generator.hpp"

namespace longplay {

std::vector<std::byte> pack(DecodeState state);

// Throws SnapshotError unless the bytes are a decode state of a candidate of this model, which has this
// notation, and form.
DecodeState unpack(std::span<const std::byte> bytes, const ModelConfig& config, const Notation& notation,
                   const Form& form);

}  // namespace longplay
