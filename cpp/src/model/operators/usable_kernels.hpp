// The kernels that this processor can run.
#pragma once

#include <span>
#include <string_view>

#include "model/operators/kernels.hpp"

namespace longplay::operators {

// Returns all of them: the slowest first, the fastest last. There is at least one.
std::span<const Kernels* const> usable_kernels();

// Returns those of this name, the fastest for an empty name, or null.
const Kernels* kernels_named(std::string_view name);

}  // namespace longplay::operators
