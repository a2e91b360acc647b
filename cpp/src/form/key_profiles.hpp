// How frequent each pitch class is in music of a key, from the tonic up. Source: Albrecht and Shanahan, "The
// Use of Large Corpora to Train a New Type of Key-Finding Algorithm", Music Perception, 2013.
#pragma once

#include <array>

namespace longplay {

using KeyProfile = std::array<double, 12>;

inline constexpr KeyProfile kMajorProfile{0.238, 0.006, 0.111, 0.006, 0.137, 0.094,
                                          0.016, 0.214, 0.009, 0.080, 0.008, 0.081};
inline constexpr KeyProfile kMinorProfile{0.220, 0.006, 0.104, 0.123, 0.019, 0.103,
                                          0.012, 0.214, 0.062, 0.022, 0.061, 0.052};

}  // namespace longplay
