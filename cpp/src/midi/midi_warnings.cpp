#include "midi/midi_warnings.hpp"

#include <algorithm>

namespace longplay {
namespace {

std::string quantity(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string bytes(std::size_t count) { return quantity(count, "byte", "bytes"); }

std::string were_skipped(std::size_t count) { return count == 1 ? " was skipped" : " were skipped"; }

std::string of_chunks(MidiOddity oddity, std::size_t count, std::size_t amount) {
  switch (oddity) {
    case MidiOddity::chunk_skipped:
      return quantity(count, "chunk that is not a track was", "chunks that are not tracks were") +
             " skipped with " + bytes(amount);
    case MidiOddity::bytes_skipped:
      return bytes(amount) + " outside of chunks" + were_skipped(amount);
    case MidiOddity::track_length:
      return quantity(count, "track has a wrong length and was", "tracks have a wrong length and were") +
             " read up to End-of-Track or the next track";
    default:  // track_cut
      return quantity(count, "track is", "tracks are") + " cut off at the end of the file: " + bytes(amount) +
             (amount == 1 ? " is" : " are") + " missing";
  }
}

std::string of_tracks(MidiOddity oddity, std::size_t count, std::size_t amount) {
  const std::string tracks_end = quantity(count, "track ends", "tracks end");
  const std::string tracks_hold = quantity(count, "track holds", "tracks hold");
  const std::string rest = "; the rest of the track (" + bytes(amount) + ") was skipped";
  switch (oddity) {
    case MidiOddity::message_truncated:
      return tracks_end + " inside a message, of which " + bytes(amount) + were_skipped(amount);
    case MidiOddity::number_too_long:
      return tracks_hold + " a variable-length number of more than 5 bytes" + rest;
    case MidiOddity::no_status:
      return tracks_hold + " a data byte before any status byte" + rest;
    case MidiOddity::no_end_of_track:
      return tracks_end + " without End-of-Track";
    default:  // bytes_after_end_of_track
      return bytes(amount) + " after the End-of-Track of " + quantity(count, "track", "tracks") +
             were_skipped(amount);
  }
}

std::string of_messages(MidiOddity oddity, std::size_t count, std::size_t amount) {
  switch (oddity) {
    case MidiOddity::system_message:
      return quantity(count, "system message that a file may not hold",
                      "system messages that a file may not hold") +
             were_skipped(count);
    case MidiOddity::running_status_interrupted:
      return quantity(count, "running status was", "running statuses were") +
             " kept across a meta event or sysex";
    case MidiOddity::data_byte_clamped:
      return quantity(count, "data byte above 127 was", "data bytes above 127 were") + " read as 127";
    case MidiOddity::tempo_ignored:
      return quantity(count, "tempo event of zero or of the wrong size",
                      "tempo events of zero or of the wrong size") +
             were_skipped(count);
    case MidiOddity::past_time_limit:
      return quantity(count, "message", "messages") + " later than 24 h, " + std::to_string(amount) +
             " of them the start of a note," + were_skipped(count);
    case MidiOddity::note_unreleased:
      return quantity(count, "note is never released and lasts", "notes are never released and last") +
             " to the end of the track";
    case MidiOddity::other_program:
      return quantity(count, "note of a program that is no piano was",
                      "notes of programs that are no pianos were") +
             " left out";
    default:  // drum_note
      return quantity(count, "note of channel 10 (drums) was", "notes of channel 10 (drums) were") +
             " left out";
  }
}

std::string sentence(MidiOddity oddity, std::size_t count, std::size_t amount) {
  if (oddity <= MidiOddity::track_cut) return of_chunks(oddity, count, amount);
  if (oddity <= MidiOddity::bytes_after_end_of_track) return of_tracks(oddity, count, amount);
  return of_messages(oddity, count, amount);
}

}  // namespace

void MidiWarnings::add(MidiOddity oddity, std::size_t offset, std::size_t amount) {
  Count& count = counts_[static_cast<std::size_t>(oddity)];
  count.first_offset = count.count == 0 ? offset : std::min(count.first_offset, offset);
  ++count.count;
  count.amount += amount;
}

std::vector<std::string> MidiWarnings::sentences() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const auto [count, offset, amount] = counts_[i];
    if (count > 0)
      all.push_back(sentence(static_cast<MidiOddity>(i), count, amount) +
                    (count == 1 ? ", at byte " : ", the first at byte ") + std::to_string(offset));
  }
  all.insert(all.end(), sentences_.begin(), sentences_.end());
  return all;
}

}  // namespace longplay
