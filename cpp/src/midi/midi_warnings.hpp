// Warnings about oddities of a MIDI file: counted, and reported in one sentence each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace longplay {

// Each value has a sentence in midi_warnings.cpp.
enum class MidiOddity : std::uint8_t {
  chunk_skipped,
  bytes_skipped,
  track_length,
  track_cut,
  message_truncated,
  number_too_long,
  no_status,
  no_end_of_track,
  bytes_after_end_of_track,
  system_message,
  running_status_interrupted,
  data_byte_clamped,
  tempo_ignored,
  past_time_limit,
  note_unreleased,
  other_program,
  drum_note,
};
inline constexpr std::size_t kMidiOddityCount = static_cast<std::size_t>(MidiOddity::drum_note) + 1;

// Counts oddities, so that each kind gets one sentence, however often it occurs.
class MidiWarnings {
 public:
  // `amount`: bytes lost, or another number that the sentence of this oddity adds up.
  void add(MidiOddity oddity, std::size_t offset, std::size_t amount = 0);

  // For an oddity that occurs at most once in a file.
  void add(std::string what, std::size_t offset) {
    sentences_.push_back(std::move(what) + ", at byte " + std::to_string(offset));
  }

  // Each names the oddity, how often it occurs, and the byte offset of the first.
  std::vector<std::string> sentences() const;

 private:
  struct Count {
    std::size_t count = 0;
    std::size_t first_offset = 0;
    std::size_t amount = 0;
  };
  std::array<Count, kMidiOddityCount> counts_{};
  std::vector<std::string> sentences_;
};

}  // namespace longplay
