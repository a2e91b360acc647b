#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "midi/midi_file.hpp"

namespace longplay {
namespace {

using ByteSpan = std::span<const std::uint8_t>;

constexpr std::size_t kNameBytes = 4;
constexpr std::size_t kChunkHeaderBytes = 8;  // four letters and a 32-bit length
constexpr std::size_t kHeaderBytes = 6;       // of MThd: type, tracks, division
constexpr std::size_t kWholeHeader = kChunkHeaderBytes + kHeaderBytes;
constexpr std::size_t kMostBeforeHeader = std::size_t{1} << 16;
constexpr std::size_t kNotFound = std::numeric_limits<std::size_t>::max();

std::size_t big_endian(ByteSpan bytes) {
  std::size_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

std::size_t chunk_size(ByteSpan bytes, std::size_t position) {
  return big_endian(bytes.subspan(position + kNameBytes, 4));
}

std::size_t find(ByteSpan bytes, std::string_view name, std::size_t from) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t at = from < bytes.size() ? text.find(name, from) : std::string_view::npos;
  return at == std::string_view::npos ? kNotFound : at;
}

std::size_t find_track(ByteSpan bytes, std::size_t from) { return find(bytes, "MTrk", from); }

bool is_named(ByteSpan bytes, std::size_t position, std::string_view name) {
  return bytes.size() >= position + kNameBytes &&
         std::equal(name.begin(), name.end(), bytes.data() + position);
}

bool is_track(ByteSpan bytes, std::size_t position) {
  return bytes.size() >= position + kChunkHeaderBytes && is_named(bytes, position, "MTrk");
}

bool has_chunk_name(ByteSpan bytes, std::size_t position) {
  const auto is_name_byte = [](std::uint8_t byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == ' ' || byte == '_';
  };
  return bytes.size() >= position + kNameBytes &&
         std::ranges::all_of(bytes.subspan(position, kNameBytes), is_name_byte);
}

// A chunk of another kind must be whole, and end where the file ends or another chunk may begin.
bool is_other_chunk(ByteSpan bytes, std::size_t position) {
  if (bytes.size() < position + kChunkHeaderBytes || !has_chunk_name(bytes, position)) return false;
  const std::size_t end = position + kChunkHeaderBytes + chunk_size(bytes, position);
  return end == bytes.size() || (end < bytes.size() && has_chunk_name(bytes, end));
}

// Whether a chunk may end here.
bool is_boundary(ByteSpan bytes, std::size_t position) {
  return position == bytes.size() || is_track(bytes, position) || is_other_chunk(bytes, position);
}

// The end of a track's messages.
struct TrackWalk {
  std::size_t end = 0;
  bool is_track_end = false;  // at End-of-Track or the header of the next track; not where reading fails
};

// Reads on to End-of-Track, past `declared_end`, but not past the header of another track.
TrackWalk walk(ByteSpan bytes, std::size_t begin, std::size_t declared_end, const Stop& stop) {
  MidiWarnings ignored;
  MidiTrackReader reader(bytes, {begin, bytes.size()}, ignored);
  std::size_t header = find_track(bytes, begin);
  for (MidiEvent event; reader.position() != header && reader.next(event);) {
    stop.check();
    if (reader.position() <= header) continue;
    const bool is_text = event.status >= kSysex && !event.payload.empty() &&
                         event.payload.data() <= bytes.data() + header && reader.position() <= declared_end;
    if (!is_text) return {header, true};
    header = find_track(bytes, reader.position());
  }
  return {reader.position(), reader.position() == header || reader.found_end_of_track()};
}

std::size_t end_of_track(ByteSpan bytes, MidiTrack track, const Stop& stop) {
  MidiWarnings ignored;
  MidiTrackReader reader(bytes, track, ignored);
  for (MidiEvent event; reader.next(event);) stop.check();
  return reader.found_end_of_track() ? reader.position() : track.end;
}

// Returns the end of a track's data. Uses the declared length if a chunk may end there and no other track
// begins before. Otherwise reads the messages to find the end.
std::size_t find_track_end(ByteSpan bytes, std::size_t position, MidiWarnings& warnings, const Stop& stop) {
  const std::size_t begin = position + kChunkHeaderBytes;
  const std::size_t declared = begin + chunk_size(bytes, position);
  const std::size_t next_track = find_track(bytes, begin);
  std::size_t end = declared;
  if (declared <= bytes.size() && is_boundary(bytes, declared)) {
    if (next_track >= declared) return declared;
    const std::size_t found = end_of_track(bytes, {begin, declared}, stop);
    if (find_track(bytes, found) < declared) end = found;
  } else {
    const auto [found, is_track_end] = walk(bytes, begin, declared, stop);
    const std::size_t resumed = std::min(find_track(bytes, found), bytes.size());
    const bool goes_on = declared <= bytes.size() && found < declared && resumed >= declared;
    if (is_track_end)
      end = goes_on ? declared : found;
    else
      end = declared == begin ? found : std::min(declared, resumed);
    if (!is_track_end && end == bytes.size() && declared > end) {
      warnings.add(MidiOddity::track_cut, position, declared - end);
      return end;
    }
  }
  if (end != declared) warnings.add(MidiOddity::track_length, position + kNameBytes);
  return end;
}

MidiDivision read_division(std::size_t word, std::size_t offset) {
  if (word == 0) throw MidiError("the time division is 0, not 1 to 32767 ticks per quarter note", offset);
  if (word < 0x8000) return {.ticks_per_quarter = static_cast<int>(word)};
  const int frames = 256 - static_cast<int>(word >> 8);
  const int ticks = static_cast<int>(word & 0xFF);
  if (frames != 24 && frames != 25 && frames != 29 && frames != 30)
    throw MidiError(
        "the SMPTE time division has " + std::to_string(frames) + " frames per second, not 24, 25, 29 or 30",
        offset);
  if (ticks == 0) throw MidiError("the SMPTE time division has 0 ticks per frame, not 1 to 255", offset + 1);
  return {.frames_per_second = frames, .ticks_per_frame = ticks};
}

// A header after the start of the file must be plausible, since its letters may occur in any text.
bool looks_like_header(ByteSpan bytes, std::size_t position) {
  constexpr std::size_t kSaneSize = 256;
  return bytes.size() >= position + kWholeHeader && chunk_size(bytes, position) >= kHeaderBytes &&
         chunk_size(bytes, position) <= kSaneSize && big_endian(bytes.subspan(position + 8, 2)) <= 2;
}

// RIFF, MacBinary, a line break and the like may come before the header.
std::size_t find_header(ByteSpan bytes, MidiWarnings& warnings) {
  if (is_named(bytes, 0, "MThd")) return 0;
  const bool is_riff = is_named(bytes, 0, "RIFF") && is_named(bytes, 8, "RMID");
  const ByteSpan searched =
      is_riff ? bytes : bytes.first(std::min(bytes.size(), kMostBeforeHeader + kNameBytes));
  std::size_t at = find(searched, "MThd", 0);
  while (at != kNotFound && !looks_like_header(bytes, at)) at = find(searched, "MThd", at + 1);
  if (at == kNotFound) throw MidiError("not a MIDI file: it does not begin with MThd", 0);
  warnings.add(std::to_string(at) + (at == 1 ? " byte" : " bytes") + " before the header, MThd, " +
                   (at == 1 ? "was" : "were") + " skipped" + (is_riff ? " (a RIFF wrapper)" : ""),
               0);
  return at;
}

// RIFF fills a chunk of an odd size with a zero, which belongs to no chunk of the MIDI file in it.
ByteSpan without_riff_padding(ByteSpan bytes, std::size_t header) {
  if (header < kChunkHeaderBytes || !is_named(bytes, header - kChunkHeaderBytes, "data")) return bytes;
  const std::size_t size = bytes.size() - header;
  std::size_t declared = 0;
  for (std::size_t i = 1; i <= 4; ++i) declared = declared << 8 | bytes[header - i];  // little-endian
  return size % 2 == 0 && declared == size - 1 && bytes.back() == 0 ? bytes.first(bytes.size() - 1) : bytes;
}

// Where the header ends. A length below 6, or one that reaches past the beginning of a track, is wrong.
std::size_t find_header_end(ByteSpan bytes, std::size_t header, MidiWarnings& warnings) {
  const std::size_t size = chunk_size(bytes, header);
  const std::size_t end = header + kChunkHeaderBytes + size;
  if (size >= kHeaderBytes && end <= bytes.size() && find_track(bytes, header + kWholeHeader) >= end)
    return end;
  warnings.add("the header has a length of " + std::to_string(size) + ", which was read as 6",
               header + kNameBytes);
  return header + kWholeHeader;
}

void find_tracks(ByteSpan bytes, std::size_t position, MidiFile& file, MidiWarnings& warnings,
                 const Stop& stop) {
  while (position < bytes.size()) {
    stop.check();
    std::size_t end = 0;
    if (is_track(bytes, position)) {
      if (file.tracks.size() == MidiLimits::kMaxTracks)
        throw MidiError("the file has more than 65535 tracks", position);
      end = find_track_end(bytes, position, warnings, stop);
      file.tracks.push_back({position + kChunkHeaderBytes, end});
    } else if (is_other_chunk(bytes, position)) {
      end = position + kChunkHeaderBytes + chunk_size(bytes, position);
      warnings.add(MidiOddity::chunk_skipped, position, end - position);
    } else {
      end = std::min(find_track(bytes, position + 1), bytes.size());
      warnings.add(MidiOddity::bytes_skipped, position, end - position);
    }
    position = end;
  }
}

}  // namespace

MidiFile open_midi(ByteSpan bytes, MidiWarnings& warnings, const Stop& stop) {
  if (bytes.size() > MidiLimits::kMaxBytes)
    throw MidiError("the file has " + std::to_string(bytes.size()) + " bytes, more than " +
                        std::to_string(MidiLimits::kMaxBytes),
                    MidiLimits::kMaxBytes);
  const std::size_t header = find_header(bytes, warnings);
  if (bytes.size() < header + kWholeHeader) throw MidiError("the header ends early", bytes.size());

  MidiFile file;
  file.type = static_cast<int>(big_endian(bytes.subspan(header + 8, 2)));
  if (file.type > 2)
    throw MidiError("the file's type is " + std::to_string(file.type) + ", not 0, 1 or 2", header + 8);
  const std::size_t declared = big_endian(bytes.subspan(header + 10, 2));
  file.division = read_division(big_endian(bytes.subspan(header + 12, 2)), header + 12);

  find_tracks(without_riff_padding(bytes, header), find_header_end(bytes, header, warnings), file, warnings,
              stop);
  if (file.tracks.size() != declared)
    warnings.add("the header counts " + std::to_string(declared) + (declared == 1 ? " track" : " tracks") +
                     ", but the file has " + std::to_string(file.tracks.size()),
                 header + 10);
  if (file.type == 0 && file.tracks.size() > 1)
    warnings.add("a type 0 file has " + std::to_string(file.tracks.size()) +
                     " tracks, which were read as if of type 1",
                 header + 8);
  return file;
}

}  // namespace longplay
