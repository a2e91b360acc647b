#include <algorithm>

#include "midi/midi_file.hpp"

namespace longplay {
namespace {

constexpr int kMaxNumberBytes = 5;  // one more than the standard allows, since Ardour writes it
constexpr std::uint8_t kMaxData = 127;

}  // namespace

bool MidiTrackReader::next(MidiEvent& event) {
  if (ended_) return false;
  while (position_ < end_) {
    const std::size_t start = position_;
    const std::int64_t start_tick = tick_;
    const Outcome outcome = read_message(event);
    if (outcome == Outcome::read) return true;
    if (outcome != Outcome::skipped) {
      end_track(event, outcome, start, start_tick);
      return true;
    }
  }
  end_track(event, Outcome::read, position_, tick_);
  return true;
}

// Reads almost every message of a file. Local copies of often used members save the compiler from loading
// them again after each write to `event`.
inline MidiTrackReader::Outcome MidiTrackReader::read_message(MidiEvent& event) {
  std::size_t at = position_;
  const std::size_t end = end_;
  const std::uint8_t* const bytes = bytes_.data();
  std::uint64_t delta = bytes[at];
  if (delta < 0x80) {
    ++at;
  } else {
    if (const Outcome outcome = read_number(delta); outcome != Outcome::read) return outcome;
    at = position_;
  }
  if (at == end) return Outcome::truncated;
  const std::int64_t tick = tick_ + static_cast<std::int64_t>(delta);
  tick_ = tick;
  const std::uint8_t first = bytes[at];
  if (first >= 0xF0) {
    position_ = at;
    event.tick = tick;
    return read_system(event);
  }

  event.offset = at;
  std::uint8_t status = running_status_;
  if (first >= 0x80) {
    status = first;
    ++at;
  } else if (status == 0) {
    return Outcome::no_status;
  } else if (interrupted_) {
    warnings_->add(MidiOddity::running_status_interrupted, at);
  }
  running_status_ = status;
  interrupted_ = false;

  const std::size_t size = has_two_data_bytes(status) ? 2 : 1;
  if (end - at < size) return Outcome::truncated;
  const std::uint8_t data1 = bytes[at];
  const std::uint8_t data2 = size == 2 ? bytes[at + 1] : std::uint8_t{0};
  position_ = at + size;
  event.tick = tick;
  event.status = status;
  event.data1 = data1;
  event.data2 = data2;
  if ((data1 | data2) > kMaxData) clamp(event, at, size);
  return Outcome::read;
}

// Counts a data byte above 127 as 127. It may be a status, but nothing in a file marks a missing data byte.
void MidiTrackReader::clamp(MidiEvent& event, std::size_t at, std::size_t size) {
  for (std::size_t i = at; i < at + size; ++i)
    if (bytes_[i] > kMaxData) warnings_->add(MidiOddity::data_byte_clamped, i);
  event.data1 = std::min(event.data1, kMaxData);
  event.data2 = std::min(event.data2, kMaxData);
}

MidiTrackReader::Outcome MidiTrackReader::read_system(MidiEvent& event) {
  event.offset = position_;
  event.status = bytes_[position_++];
  event.data1 = event.data2 = 0;
  if (event.status != kMeta && event.status != kSysex && event.status != kEscape) {
    // Data bytes in MIDI 1.0: time code and song select have one, song position has two.
    const std::size_t size = event.status == 0xF2 ? 2 : event.status == 0xF1 || event.status == 0xF3 ? 1 : 0;
    if (end_ - position_ < size) return Outcome::truncated;
    warnings_->add(MidiOddity::system_message, event.offset);
    position_ += size;
    return Outcome::skipped;
  }
  if (event.status == kMeta) {
    if (position_ == end_) return Outcome::truncated;
    event.data1 = bytes_[position_++];
  }
  std::uint64_t size = 0;
  if (const Outcome outcome = read_number(size); outcome != Outcome::read) return outcome;
  if (end_ - position_ < size) return Outcome::truncated;
  event.payload = bytes_.subspan(position_, static_cast<std::size_t>(size));
  position_ += static_cast<std::size_t>(size);
  interrupted_ = true;
  if (event.status == kMeta && event.data1 == kMetaEndOfTrack) {
    ended_ = found_end_of_track_ = true;
    if (position_ < end_) warnings_->add(MidiOddity::bytes_after_end_of_track, position_, end_ - position_);
  }
  return Outcome::read;
}

// Seven bits a byte, the first byte the highest; all bytes but the last have their top bit set.
MidiTrackReader::Outcome MidiTrackReader::read_number(std::uint64_t& number) {
  number = 0;
  for (int size = 0; position_ < end_; ++size) {
    if (size == kMaxNumberBytes) return Outcome::number_too_long;
    const std::uint8_t byte = bytes_[position_++];
    number = number << 7 | (byte & 0x7F);
    if (byte < 0x80) return Outcome::read;
  }
  return Outcome::truncated;
}

// `start` and `tick`: where the last whole message ends.
void MidiTrackReader::end_track(MidiEvent& event, Outcome reason, std::size_t start, std::int64_t tick) {
  const auto oddity = reason == Outcome::truncated         ? MidiOddity::message_truncated
                      : reason == Outcome::number_too_long ? MidiOddity::number_too_long
                      : reason == Outcome::no_status       ? MidiOddity::no_status
                                                           : MidiOddity::no_end_of_track;
  warnings_->add(oddity, start, end_ - start);
  ended_ = true;
  position_ = start;
  tick_ = tick;
  event = {.tick = tick, .status = kMeta, .data1 = kMetaEndOfTrack, .offset = start, .payload = {}};
}

}  // namespace longplay
