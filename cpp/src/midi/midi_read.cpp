#include <algorithm>
#include <string>

#include "midi/midi_file.hpp"

namespace longplay {
namespace {

constexpr std::size_t kChunkHeaderBytes = 8;  // four letters and a 32-bit length
constexpr std::size_t kHeaderBytes = 6;       // of MThd: type, tracks, division

std::string plural(std::size_t count, const char* one, const char* many) {
  return count == 1 ? std::string(one) : std::to_string(count) + " " + many;
}

std::string sentence(MidiOddity oddity, std::size_t count) {
  switch (oddity) {
    case MidiOddity::chunk_passed_over:
      return plural(count, "a chunk that is no track was", "chunks that are no tracks were") + " passed over";
    case MidiOddity::chunk_truncated:
      return "the last chunk is longer than the file and was read as far as it goes";
    case MidiOddity::bytes_after_last_chunk:
      return "the bytes after the last chunk were passed over";
    case MidiOddity::message_truncated:
      return plural(count, "a track ends", "tracks end") + " inside a message, which was left out";
    case MidiOddity::no_end_of_track:
      return plural(count, "a track ends", "tracks end") + " without End-of-Track";
    case MidiOddity::bytes_after_end_of_track:
      return plural(count, "a track goes", "tracks go") + " on after End-of-Track, which was left out";
    case MidiOddity::system_message:
      return plural(count, "a system message that a file may not hold was",
                    "system messages that a file may not hold were") +
             " passed over";
    case MidiOddity::running_status_interrupted:
      return plural(count, "a running status was", "running statuses were") +
             " kept across a meta event or sysex";
    case MidiOddity::tempo_ignored:
      return plural(count, "a tempo event of zero or of the wrong size was",
                    "tempo events of zero or of the wrong size were") +
             " passed over";
  }
  return {};
}

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

bool is_chunk(std::span<const std::uint8_t> bytes, std::size_t position, const char (&name)[5]) {
  return bytes.size() >= position + 4 && std::equal(name, name + 4, bytes.data() + position);
}

MidiDivision read_division(std::uint32_t word) {
  constexpr std::size_t kOffset = 12;
  if (word == 0) throw MidiError("the time division is 0, not 1 to 32767 ticks per quarter note", kOffset);
  if (word < 0x8000) return {.ticks_per_quarter = static_cast<int>(word)};
  const int frames = 256 - static_cast<int>(word >> 8);
  const int ticks = static_cast<int>(word & 0xFF);
  if (frames != 24 && frames != 25 && frames != 29 && frames != 30)
    throw MidiError(
        "the SMPTE time division has " + std::to_string(frames) + " frames per second, not 24, 25, 29 or 30",
        kOffset);
  if (ticks == 0) throw MidiError("the SMPTE time division has 0 ticks per frame, not 1 to 255", kOffset + 1);
  return {.frames_per_second = frames, .ticks_per_frame = ticks};
}

}  // namespace

void MidiWarnings::add(MidiOddity oddity, std::size_t offset) {
  Count& count = counts_[static_cast<std::size_t>(oddity)];
  if (count.count++ == 0) count.first_offset = offset;
}

std::vector<std::string> MidiWarnings::sentences() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const auto [count, offset] = counts_[i];
    if (count > 0)
      all.push_back(sentence(static_cast<MidiOddity>(i), count) +
                    (count == 1 ? ", at byte " : ", the first at byte ") + std::to_string(offset));
  }
  all.insert(all.end(), sentences_.begin(), sentences_.end());
  return all;
}

MidiFile open_midi(std::span<const std::uint8_t> bytes, MidiWarnings& warnings) {
  if (bytes.size() > MidiLimits::kMaxBytes)
    throw MidiError("the file has " + std::to_string(bytes.size()) + " bytes, more than the limit",
                    MidiLimits::kMaxBytes);
  if (!is_chunk(bytes, 0, "MThd")) throw MidiError("not a MIDI file: it does not begin with MThd", 0);
  if (bytes.size() < kChunkHeaderBytes + kHeaderBytes) throw MidiError("the header ends early", bytes.size());
  const std::size_t header_size = big_endian(bytes.subspan(4, 4));
  if (header_size < kHeaderBytes)
    throw MidiError("the header has " + std::to_string(header_size) + " bytes, not 6 or more", 4);

  MidiFile file;
  file.type = static_cast<int>(big_endian(bytes.subspan(8, 2)));
  if (file.type > 2)
    throw MidiError("the file's type is " + std::to_string(file.type) + ", not 0, 1 or 2", 8);
  const std::size_t declared = big_endian(bytes.subspan(10, 2));
  file.division = read_division(big_endian(bytes.subspan(12, 2)));

  std::size_t position = kChunkHeaderBytes + header_size;
  while (position + kChunkHeaderBytes <= bytes.size()) {
    const std::size_t begin = position + kChunkHeaderBytes;
    const std::size_t size = big_endian(bytes.subspan(position + 4, 4));
    const std::size_t end = std::min(begin + size, bytes.size());
    if (!is_chunk(bytes, position, "MTrk")) {
      warnings.add(MidiOddity::chunk_passed_over, position);
    } else {
      if (file.tracks.size() == MidiLimits::kMaxTracks)
        throw MidiError("the file has more than 65535 tracks", position);
      file.tracks.push_back({begin, end});
    }
    if (begin + size > bytes.size()) warnings.add(MidiOddity::chunk_truncated, position);
    position = begin + size;
  }
  if (position < bytes.size()) warnings.add(MidiOddity::bytes_after_last_chunk, position);

  if (file.tracks.size() != declared)
    warnings.add("the header counts " + std::to_string(declared) + " tracks, the file has " +
                 std::to_string(file.tracks.size()));
  if (file.type == 0 && file.tracks.size() > 1)
    warnings.add("a type 0 file has " + std::to_string(file.tracks.size()) +
                 " tracks, which were read as if of type 1");
  return file;
}

bool MidiTrackReader::next(MidiEvent& event) {
  if (ended_) return false;
  while (position_ < end_) {
    const std::size_t start = position_;
    const std::int64_t start_tick = tick_;
    const Outcome outcome = read_message(event);
    if (outcome == Outcome::read) return true;
    if (outcome == Outcome::truncated) {
      warnings_->add(MidiOddity::message_truncated, start);
      tick_ = start_tick;
      end_track(event);
      return true;
    }
  }
  warnings_->add(MidiOddity::no_end_of_track, position_);
  end_track(event);
  return true;
}

// Almost every message of a file comes through here: what is used often is kept out of memory, which
// writing to `event` would make the compiler read again.
inline MidiTrackReader::Outcome MidiTrackReader::read_message(MidiEvent& event) {
  std::size_t at = position_;
  const std::size_t end = end_;
  const std::uint8_t* const bytes = bytes_.data();
  std::uint32_t delta = bytes[at];
  if (delta < 0x80) {
    ++at;
  } else {
    if (!read_number(delta)) return Outcome::truncated;
    at = position_;
  }
  if (at == end) return Outcome::truncated;
  const std::int64_t tick = tick_ + delta;
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
    throw MidiError("a data byte comes where no status has been given", at);
  } else if (interrupted_) {
    warnings_->add(MidiOddity::running_status_interrupted, at);
  }
  running_status_ = status;
  interrupted_ = false;

  const std::size_t size = has_two_data_bytes(status) ? 2 : 1;
  if (end - at < size) return Outcome::truncated;
  const std::uint8_t data1 = bytes[at];
  const std::uint8_t data2 = size == 2 ? bytes[at + 1] : std::uint8_t{0};
  if ((data1 | data2) >= 0x80)
    throw MidiError("a data byte of a channel message is not below 128", at + (data1 >= 0x80 ? 0 : 1));
  position_ = at + size;
  event.tick = tick;
  event.status = status;
  event.data1 = data1;
  event.data2 = data2;
  return Outcome::read;
}

MidiTrackReader::Outcome MidiTrackReader::read_system(MidiEvent& event) {
  event.offset = position_;
  event.status = bytes_[position_++];
  event.data1 = event.data2 = 0;
  if (event.status != kMeta && event.status != kSysex && event.status != kEscape) {
    // What MIDI 1.0 gives each of them on the wire: time code and song select one byte, song position two.
    const std::size_t size = event.status == 0xF2 ? 2 : event.status == 0xF1 || event.status == 0xF3 ? 1 : 0;
    if (end_ - position_ < size) return Outcome::truncated;
    warnings_->add(MidiOddity::system_message, event.offset);
    position_ += size;
    return Outcome::passed_over;
  }
  if (event.status == kMeta) {
    if (position_ == end_) return Outcome::truncated;
    event.data1 = bytes_[position_++];
  }
  std::uint32_t size = 0;
  if (!read_number(size) || end_ - position_ < size) return Outcome::truncated;
  event.payload = bytes_.subspan(position_, size);
  position_ += size;
  interrupted_ = true;
  if (event.status == kMeta && event.data1 == kMetaEndOfTrack) {
    ended_ = true;
    if (position_ < end_) warnings_->add(MidiOddity::bytes_after_end_of_track, position_);
  }
  return Outcome::read;
}

// Seven bits a byte, the first byte the highest; all bytes but the last have their top bit set.
bool MidiTrackReader::read_number(std::uint32_t& number) {
  number = 0;
  for (int size = 0; position_ < end_; ++size) {
    if (size == 4) throw MidiError("a variable-length number has more than 4 bytes", position_ - 4);
    const std::uint8_t byte = bytes_[position_++];
    number = number << 7 | (byte & 0x7F);
    if (byte < 0x80) return true;
  }
  return false;
}

void MidiTrackReader::end_track(MidiEvent& event) {
  ended_ = true;
  event = {.tick = tick_, .status = kMeta, .data1 = kMetaEndOfTrack, .offset = position_, .payload = {}};
}

}  // namespace longplay
