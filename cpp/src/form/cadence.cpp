#include "form/cadence.hpp"

#include <algorithm>
#include <cmath>

namespace longplay {
namespace {

constexpr std::int64_t kChordMs = 60;
constexpr std::int64_t kKeyMs = 30'000;
constexpr std::int32_t kLongestHeardMs = 2'000;  // the longest time that a note adds to its pitch class
constexpr std::size_t kClasses = 12;

using Profile = std::array<double, kClasses>;

// Weights of the pitch classes, from the tonic up.
constexpr Profile kMajor{0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081};
constexpr Profile kMinor{0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052};

// Returns the bin of a duration: nine bins per doubling, so that a day is in bin 238.
std::size_t length_class(std::int64_t duration_ms) {
  return static_cast<std::size_t>(9 * std::log2(static_cast<double>(std::max<std::int64_t>(duration_ms, 1))));
}

// Returns the correlation of a profile rotated to `tonic` with the sounding times, up to a factor that is
// the same for every tonic.
double correlation(const Profile& profile, const Profile& heard, std::size_t tonic) {
  double mean = 0;
  for (const double part : profile) mean += part / kClasses;
  double product = 0;
  double square = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    product += (profile[c] - mean) * heard[(tonic + c) % kClasses];
    square += (profile[c] - mean) * (profile[c] - mean);
  }
  return product / std::sqrt(square);
}

}  // namespace

void Cadence::push(const Note& note) {
  const auto i = static_cast<std::size_t>(count_ % kNotes);
  onset_ms_[i] = note.onset_ms;
  duration_ms_[i] = static_cast<std::int32_t>(note.duration_ms);
  pitch_[i] = note.pitch;
  ++count_;
  ++lasting_[length_class(note.duration_ms)];
}

// Walks back from the last onset while consecutive onsets belong to one chord.
std::size_t Cadence::notes_of_close() const {
  std::size_t ago = 0;
  while (ago + 1 < remembered() && onset_ms_[index(ago)] - onset_ms_[index(ago + 1)] <= kChordMs) ++ago;
  return ago + 1;
}

int Cadence::tonic() const {
  Profile heard{};
  for (std::size_t ago = 0; ago < remembered(); ++ago) {
    const std::size_t i = index(ago);
    if (onset_ms_[i] < onset_ms_[index(0)] - kKeyMs) break;
    heard[pitch_[i] % kClasses] += static_cast<double>(std::min(duration_ms_[i], kLongestHeardMs));
  }
  int best = 0;
  double highest = -1;
  for (const Profile& profile : {kMajor, kMinor}) {
    for (std::size_t tonic = 0; tonic < kClasses; ++tonic) {
      const double fit = correlation(profile, heard, tonic);
      if (fit > highest) {
        highest = fit;
        best = static_cast<int>(tonic);
      }
    }
  }
  return best;
}

bool Cadence::is_valid(std::int64_t onset_ms) const {
  const auto in = [](std::int64_t low, std::int64_t high) {
    return [=](std::int64_t value) { return value >= low && value <= high; };
  };
  return std::ranges::all_of(onset_ms_, in(0, onset_ms)) &&
         std::ranges::all_of(duration_ms_, in(0, ScoreLimits::kMaxMilliseconds));
}

bool Cadence::is_final(std::int64_t end_ms) const {
  const std::size_t last = notes_of_close();
  if (last >= remembered()) return false;  // the piece is nothing but its close

  std::int64_t longest = 0;
  std::uint8_t lowest = 255;
  std::uint64_t shorter = 0;
  for (std::size_t ago = 0; ago < last; ++ago) {
    const std::size_t i = index(ago);
    longest = std::max(longest, std::min<std::int64_t>(duration_ms_[i], end_ms - onset_ms_[i]));
    lowest = std::min(lowest, pitch_[i]);
  }
  const std::size_t close = length_class(longest);
  for (std::size_t length = 0; length <= close; ++length) shorter += lasting_[length];
  for (std::size_t ago = 0; ago < last; ++ago)
    shorter -= length_class(duration_ms_[index(ago)]) <= close ? 1 : 0;
  if (4 * shorter < 3 * (count_ - last)) return false;

  const int home = tonic();
  const auto above = [&](std::uint8_t pitch) { return (pitch - home + 12) % 12; };
  if (above(lowest) == 0) return true;
  bool major = true;
  bool minor = true;
  for (std::size_t ago = 0; ago < last; ++ago) {
    const int step = above(pitch_[index(ago)]);
    major = major && (step == 0 || step == 4 || step == 7);
    minor = minor && (step == 0 || step == 3 || step == 7);
  }
  return major || minor;
}

}  // namespace longplay
