// Logarithms that are the same to the bit on every system. The last bits of std::log depend on the C library,
// and can decide what the music does.
#pragma once

namespace longplay {

// The error is at most 4e-16 of the logarithm or of 1.
double binary_logarithm(double x);
double natural_logarithm(double x);

}  // namespace longplay
