#include "form/cadence.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>

#include "events/logarithm.hpp"
#include "form/key_profiles.hpp"

namespace longplay {
namespace {

constexpr std::size_t kClasses = 12;

// Returns the bin of a duration: nine bins per doubling, so that a day is in bin 238.
std::size_t length_class(std::int64_t duration_ms) {
  return static_cast<std::size_t>(
      9 * binary_logarithm(static_cast<double>(std::max<std::int64_t>(duration_ms, 1))));
}

// Returns the correlation of a profile rotated to `tonic` with the sounding times, up to a factor that is
// the same for every tonic.
double correlation(const KeyProfile& profile, const KeyProfile& sounding, std::size_t tonic) {
  double mean = 0;
  for (const double part : profile) mean += part / kClasses;
  double product = 0;
  double square = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    product += (profile[c] - mean) * sounding[(tonic + c) % kClasses];
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
  while (ago + 1 < remembered() &&
         onset_ms_[index(ago)] - onset_ms_[index(ago + 1)] <= FormRules::kCloseGapMs)
    ++ago;
  return ago + 1;
}

int Cadence::tonic() const {
  KeyProfile sounding{};
  for (std::size_t ago = 0; ago < remembered(); ++ago) {
    const std::size_t i = index(ago);
    if (onset_ms_[i] < onset_ms_[index(0)] - FormRules::kKeyMs) break;
    sounding[pitch_[i] % kClasses] +=
        static_cast<double>(std::min(duration_ms_[i], FormRules::kLongestWeightMs));
  }
  int best = 0;
  double highest = -1;
  for (const KeyProfile& profile : {kMajorProfile, kMinorProfile}) {
    for (std::size_t tonic = 0; tonic < kClasses; ++tonic) {
      const double fit = correlation(profile, sounding, tonic);
      if (fit > highest) {
        highest = fit;
        best = static_cast<int>(tonic);
      }
    }
  }
  return best;
}

bool Cadence::is_valid(std::int64_t from_ms, std::int64_t to_ms) const {
  if (!is_empty() && onset_ms_[index(0)] != to_ms) return false;
  std::array<std::uint32_t, kLengths> lasting{};  // of the stored notes
  std::int64_t next_ms = to_ms;
  for (std::size_t ago = 0; ago < remembered(); ++ago) {
    const std::size_t i = index(ago);
    const bool fits = onset_ms_[i] >= from_ms && onset_ms_[i] <= next_ms && duration_ms_[i] >= 1 &&
                      duration_ms_[i] <= ScoreLimits::kMaxMilliseconds && pitch_[i] <= 127;
    if (!fits) return false;
    next_ms = onset_ms_[i];
    ++lasting[length_class(duration_ms_[i])];
  }
  for (std::size_t i = remembered(); i < kNotes; ++i)
    if (onset_ms_[i] != 0 || duration_ms_[i] != 0 || pitch_[i] != 0) return false;
  std::uint64_t notes = 0;
  for (std::size_t length = 0; length < kLengths; ++length) {
    const bool possible = length <= length_class(ScoreLimits::kMaxMilliseconds);
    if (lasting_[length] < lasting[length] || (!possible && lasting_[length] > 0)) return false;
    notes += lasting_[length];
  }
  return notes == count_;
}

bool Cadence::is_final(std::int64_t end_ms) const {
  const std::size_t last = notes_of_close();
  if (last >= remembered()) return false;  // the piece is nothing but its close

  std::int64_t longest = 0;
  std::uint8_t lowest = 255;
  std::uint64_t shorter = 0;
  std::bitset<128> struck_later;  // and so ended
  for (std::size_t ago = 0; ago < last; ++ago) {
    const std::size_t i = index(ago);
    if (struck_later[pitch_[i]]) continue;
    struck_later.set(pitch_[i]);
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
