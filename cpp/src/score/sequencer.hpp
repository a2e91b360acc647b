// Puts the messages of a score in order of time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "midi/midi_file.hpp"
#include "score/channels.hpp"
#include "score/score.hpp"

namespace longplay {

// Radix sort of numbers by the bits from `lowest_bit` up. It has no comparison that the processor could
// mispredict.
class Sorter {
 public:
  explicit Sorter(int lowest_bit) : lowest_bit_(lowest_bit) {}
  void sort(std::vector<std::int64_t>& numbers);

 private:
  int lowest_bit_;
  std::vector<std::uint32_t> positions_;
  std::vector<std::int64_t> sorted_;
};

// Writes the two ends of every note and the anchors in order of time; at one tick note_offs come first.
class Sequencer {
 public:
  // `anchors`: times, in order, at which there must be a note_off. `notes`: how many will come.
  Sequencer(std::size_t notes, std::vector<std::int64_t> anchors, bool running_status,
            const Channels& channels = {});

  // By onset, no two of one program overlapping on one pitch.
  void add(std::span<const Note> notes);

  // The file of `length_ms`.
  std::vector<std::uint8_t> finish(std::int64_t length_ms);

 private:
  void add_some(std::span<const Note> notes);
  void write(std::span<const std::int64_t> numbers);
  void write_messages(std::span<const std::int64_t> numbers);
  void write_anchor();

  std::uint8_t off_status_;
  std::array<std::uint8_t, Note::kPrograms> channels_;
  std::vector<std::int64_t> anchors_;
  std::size_t next_anchor_ = 0;
  Sorter sorter_;
  MidiWriter writer_;
  // Numbers that say where a message comes: see the .cpp.
  std::vector<std::int64_t> starts_;
  std::vector<std::int64_t> ends_;  // also of the notes that sound: at most one for each pitch
  std::vector<std::int64_t> numbers_;
  std::vector<ChannelMessage> messages_;
  std::array<bool, 128> sounding_{};  // by pitch, on channel 1
};

}  // namespace longplay
