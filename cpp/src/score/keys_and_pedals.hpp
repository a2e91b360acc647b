// Reads the sustain pedal: decides which note a note_off ends, and how the pedal extends it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "midi/midi_file.hpp"
#include "score/score.hpp"

namespace longplay {

inline constexpr std::size_t kChannels = 16;
inline constexpr std::size_t kPitches = 128;
inline constexpr std::uint8_t kPedalDown = 64;
inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

namespace controller {
inline constexpr std::uint8_t kSustain = 64;
inline constexpr std::uint8_t kAllSoundOff = 120;
inline constexpr std::uint8_t kResetAll = 121;
inline constexpr std::uint8_t kAllNotesOff = 123;  // 124 to 127, the modes, imply it
}  // namespace controller

// Keys and sustain pedal of each channel. Notes are kept from key down on; a voice is one that still sounds.
class KeysAndPedals {
 public:
  KeysAndPedals(bool sustain, std::size_t expected_notes) : sustain_(sustain) {
    notes_.reserve(std::min(expected_notes, ScoreLimits::kMaxNotes));
    oldest_.fill(kNone);
    newest_.fill(kNone);
    sustained_.fill(kNone);
  }

  void note_on(std::size_t channel, std::size_t pitch, std::uint8_t velocity, std::int64_t now,
               std::size_t track, std::size_t offset) {
    if (notes_.size() == ScoreLimits::kMaxNotes)
      throw MidiError("the file has more than " + std::to_string(ScoreLimits::kMaxNotes) + " notes", offset);
    const std::uint32_t voice = new_voice();
    voices_[voice] = {.note = static_cast<std::uint32_t>(notes_.size()),
                      .track = static_cast<std::uint32_t>(track),
                      .offset = static_cast<std::uint32_t>(offset),
                      .next = kNone};
    notes_.push_back({now, 0, static_cast<std::uint8_t>(pitch), velocity});
    ++keys_down_[channel];
    const std::size_t key = key_of(channel, pitch);
    if (oldest_[key] == kNone) {
      oldest_[key] = voice;
    } else {
      voices_[newest_[key]].next = voice;
    }
    newest_[key] = voice;
  }

  // If a key is pressed several times, the first press is released first.
  void note_off(std::size_t channel, std::size_t pitch, std::int64_t now) {
    const std::size_t key = key_of(channel, pitch);
    const std::uint32_t voice = oldest_[key];
    if (voice == kNone) return;
    oldest_[key] = voices_[voice].next;
    --keys_down_[channel];
    if (pedal_down_[channel]) {
      voices_[voice].next = sustained_[channel];
      sustained_[channel] = voice;
    } else {
      end(voice, now);
    }
  }

  void control(std::size_t channel, std::uint8_t number, std::uint8_t value, std::int64_t now) {
    if (number == controller::kSustain) {
      pedal(channel, sustain_ && value >= kPedalDown, now);
    } else if (number == controller::kAllSoundOff) {
      release_keys(channel, now);
      end_sustained(channel, now);
    } else if (number == controller::kResetAll) {
      pedal(channel, false, now);
    } else if (number >= controller::kAllNotesOff) {
      release_keys(channel, now);
    }
  }

  // Ends all sounding notes. A key that was never released ends with the track that pressed it; a sustained
  // note ends now.
  void finish(const std::vector<std::int64_t>& track_ends, std::int64_t now, MidiWarnings& warnings) {
    for (std::uint32_t& first : oldest_)
      while (first != kNone) {
        const std::uint32_t voice = std::exchange(first, voices_[first].next);
        warnings.add(MidiOddity::note_unreleased, voices_[voice].offset);
        end(voice, track_ends[voices_[voice].track]);
      }
    keys_down_.fill(0);
    for (std::size_t channel = 0; channel < kChannels; ++channel) pedal(channel, false, now);
  }

  std::vector<Note>& notes() { return notes_; }

 private:
  struct Voice {
    std::uint32_t note;
    std::uint32_t track;
    std::uint32_t offset;  // of its note_on in the file
    std::uint32_t next;    // in the list it is in: a key's, a channel's sustained notes, or the free ones
  };

  static std::size_t key_of(std::size_t channel, std::size_t pitch) { return channel * kPitches + pitch; }

  std::uint32_t new_voice() {
    if (free_ != kNone) return std::exchange(free_, voices_[free_].next);
    voices_.emplace_back();
    return static_cast<std::uint32_t>(voices_.size() - 1);
  }

  void end(std::uint32_t voice, std::int64_t now) {
    Note& note = notes_[voices_[voice].note];
    note.duration_ms = std::max<std::int64_t>(now - note.onset_ms, 1);
    voices_[voice].next = std::exchange(free_, voice);
  }

  void pedal(std::size_t channel, bool down, std::int64_t now) {
    if (!down) end_sustained(channel, now);
    pedal_down_[channel] = down;
  }

  void end_sustained(std::size_t channel, std::int64_t now) {
    while (sustained_[channel] != kNone) {
      const std::uint32_t voice = std::exchange(sustained_[channel], voices_[sustained_[channel]].next);
      end(voice, now);
    }
  }

  void release_keys(std::size_t channel, std::int64_t now) {
    for (std::size_t pitch = 0; pitch < kPitches && keys_down_[channel] > 0; ++pitch)
      while (oldest_[key_of(channel, pitch)] != kNone) note_off(channel, pitch, now);
  }

  bool sustain_;
  std::vector<Note> notes_;
  std::vector<Voice> voices_;
  std::uint32_t free_ = kNone;
  std::array<std::uint32_t, kChannels * kPitches> oldest_, newest_;  // voice of a key that is down
  std::array<std::uint32_t, kChannels> sustained_;                   // voice whose key is up
  std::array<std::size_t, kChannels> keys_down_{};
  std::array<bool, kChannels> pedal_down_{};
};

}  // namespace longplay
