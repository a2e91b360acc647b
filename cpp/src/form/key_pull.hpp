// Keeps the music near a key.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "events/tokenizer.hpp"
#include "form/form_rules.hpp"

namespace longplay {

// Compares the pitch classes of the last notes with a profile, the seed's for example. Where they fit it as
// real music fits its opening, nothing is changed, so chords and modulations stay free. Where they fit worse,
// a pitch class that is too frequent becomes less likely, one that is too rare more likely. Stores only
// integers.
class KeyPull {
 public:
  using Profile = std::array<std::int64_t, 12>;  // weights of the pitch classes; all 0 for no key

  // Leaves the key free.
  KeyPull() = default;
  // Pulls to a profile while the correlation with it is below `aim` percent, and begins as if the last notes
  // had fitted it.
  explicit KeyPull(const Profile& profile, std::int64_t aim = FormRules::kSeedAim);

  // Returns the profile of a key, whose tonic is a pitch class.
  static Profile of_key(int tonic, bool minor);
  // Returns the number of notes of each pitch class.
  static Profile of_notes(std::span<const Note> notes);

  // A new piece begins, in the key.
  void begin_piece() { recent_ = wanted_; }
  void push(std::uint8_t pitch);

  // Adds to the biases of the pitch field. `pitches` are the values of its ids.
  void lean(std::span<const std::int32_t> pitches, std::span<float> bias) const;

  // Returns the correlation of the last notes with the profile, in [-1, 1]. There must be a key.
  double fit() const;

  // Whether all weights are in range.
  bool is_valid() const;

  // Passes every member to `archive`, which writes or reads it.
  template <typename Archive>
  void archive(Archive& archive) {
    archive(wanted_, recent_, aim_);
  }

 private:
  Profile wanted_{};  // sums to about kWhole, or all 0
  Profile recent_{};  // of the last notes, which sum to about kWhole; a note's weight decays with each
                      // further note
  std::int64_t aim_ = FormRules::kSeedAim;  // percent
};

}  // namespace longplay
