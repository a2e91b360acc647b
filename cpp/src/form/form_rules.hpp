// The numbers of the form, each in one place: how long, how many, how often (docs/pieces.md). Python reads
// those that it needs from the module `_core`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longplay {

struct FormRules {
  // Clips: the challenge cuts an hour into clips (docs/challenge.md).
  static constexpr int kClips = 120;
  static constexpr std::int64_t kClipMs = 30'000;
  static constexpr std::int64_t kClipGraceMs = 500;         // latest first onset of a clip
  static constexpr std::int64_t kLatestCutMs = kClips - 1;  // a grader cuts boundary k up to k ms late

  // Gaps and chords.
  static constexpr std::int64_t kMaxGapMs = 3'000;   // from one onset to the next within a piece
  static constexpr std::int64_t kPauseMs = 1'500;    // silence between two pieces
  static constexpr std::int64_t kMaxTailMs = 3'000;  // silence at the planned end of a piece
  static constexpr int kMaxChord = 16;               // notes with no time between them

  // Tokens: how long a pressed key sounds at most, how long after the end
  // of a piece if another follows, and after how many tokens
  // without a note and without time the next ones must lead to either.
  static constexpr std::int64_t kLongestPressMs = 20'000;
  static constexpr std::int64_t kLastReleaseMs = 1'000;
  static constexpr std::uint32_t kMostIdleTokens = 32;

  // Pieces.
  static constexpr std::int64_t kMinPieceMs = 120'000;  // of a recital
  static constexpr std::int64_t kMaxPieceMs = 360'000;  // of a recital
  static constexpr std::int64_t kReplannedMs = 30'000;  // how long an extended piece continues at least
  static constexpr std::int64_t kMinRemainingMs = 250;  // a piece with less time left must end
  static constexpr std::int64_t kLastOnsetMs = 500;     // the last onset is this far from the planned end
  static constexpr std::int64_t kSilentEndMs = 10;      // all notes end this long before the music does
  static constexpr std::int64_t kClosingMs = 8'000;     // before the planned end, the piece must close
  static constexpr std::int64_t kEndingMs =
      kClosingMs + 4'000;  // that an extension replaces: the close, and the gap before it
  static constexpr std::uint32_t kClosingAttempts = 24;  // to draw a close

  // Cadences.
  static constexpr std::size_t kCadenceNotes = 512;        // notes that decide the key
  static constexpr std::int64_t kCloseGapMs = 60;          // between two onsets of the close
  static constexpr std::int64_t kKeyMs = 30'000;           // music that decides the key
  static constexpr std::int32_t kLongestWeightMs = 2'000;  // a longer note weighs no more in the key

  // Loops, in pitches.
  static constexpr std::size_t kShortestLoop = 16;
  static constexpr std::size_t kLongestLoop = 256;

  // Steering counts the notes of this time, and moves the odds of times by at most so many nats.
  static constexpr std::int64_t kSteeringMs = 40'000;
  static constexpr double kMostSteering = 3;       // of time shifts
  static constexpr double kMostLengthening = 2.5;  // of durations

  // Hands.
  static constexpr std::int64_t kTogetherMs = 50;          // notes this close are struck together
  static constexpr std::size_t kFingers = 5;               // of a hand
  static constexpr int kReach = 12;                        // semitones of a hand
  static constexpr std::uint32_t kSemitonesPerMille = 20;  // of the intervals struck together

  // A pianist who plays live, see pianist.hpp.
  static constexpr std::int64_t kMsPerSemitone = 10;  // that a hand takes to leap
  static constexpr std::int64_t kCrossingMs = 250;    // hands do not cross in this time
  static constexpr std::int64_t kRepeatMs = 100;      // from one stroke of a key to the next

  // The key: how many of the last notes count; the correlation, in percent, below which they are pulled to
  // the profile of the seed or of a named key; and how strongly they are pulled.
  static constexpr std::int64_t kKeyNotes = 128;
  static constexpr std::int64_t kSeedAim = 65;
  static constexpr std::int64_t kNamedAim = 95;
  static constexpr double kKeyStrength = 0.5;
  static constexpr double kMostKeyNats = 2;

  // Music is stuck if so many notes within this time have so few pitches, or all notes even fewer.
  static constexpr std::int64_t kStuckMs = 10'000;
  static constexpr std::size_t kStuckNotes = 20;
  static constexpr std::int64_t kStuckPitches = 7;
  static constexpr std::int64_t kSlowlyStuckPitches = 4;
};

}  // namespace longplay
