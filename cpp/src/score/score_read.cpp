#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "midi/midi_file.hpp"
#include "score/keys_and_pedals.hpp"
#include "score/midi_clock.hpp"
#include "score/score.hpp"

namespace longplay {
namespace {

constexpr std::size_t kBytesPerNote = 8;  // an estimate, to reserve memory
constexpr std::size_t kDrumChannel = 9;   // "channel 10", counted from 1
constexpr std::uint8_t kPianos = 8;       // General MIDI's first programs, up to harpsichord and clavinet

// Plays the messages of a file, given in order of time, and keeps the notes.
class Player {
 public:
  Player(const MidiFile& file, std::size_t expected_notes, const ReadOptions& options, MidiWarnings& warnings)
      : options_(options),
        clock_(file.division),
        keys_(options.sustain, expected_notes),
        track_ends_(file.tracks.size()),
        warnings_(warnings) {}

  void play(const MidiEvent& event, std::size_t track) {
    if (!clock_.move_to(event.tick)) return skip(event, track);
    const std::size_t channel = event.status & 0x0F;
    switch (event.status >> 4) {
      case 0x8:
        return keys_.note_off(channel, event.data1, clock_.milliseconds());
      case 0x9:
        return note_on(event, channel, track);
      case 0xC:
        programs_[channel] = event.data1;
        return;
      case 0xB:
        return keys_.control(channel, event.data1, event.data2, clock_.milliseconds());
      case 0xF:
        if (event.status != kMeta) return;
        if (event.data1 == kMetaTempo) set_tempo(event);
        if (event.data1 == kMetaEndOfTrack) track_ends_[track] = clock_.milliseconds();
        return;
      default:
        return;  // messages without effect on a piano: aftertouch, pitch bend
    }
  }

  // Starts another sequence: resets the tick, the tempo, the keys and the pedals.
  void end_sequence() {
    keys_.finish(track_ends_, clock_.milliseconds(), warnings_);
    clock_.start_sequence();
    programs_.fill(0);
  }

  std::vector<Note> take_notes() { return std::move(keys_.notes()); }

 private:
  // Drops messages past the time limit: their track ends with the last message before the limit.
  void skip(const MidiEvent& event, std::size_t track) {
    const bool starts_note = event.status >> 4 == 0x9 && event.data2 > 0;
    warnings_.add(MidiOddity::past_time_limit, event.offset, starts_note ? 1 : 0);
    if (event.status == kMeta && event.data1 == kMetaEndOfTrack) track_ends_[track] = clock_.milliseconds();
  }

  void note_on(const MidiEvent& event, std::size_t channel, std::size_t track) {
    if (event.data2 == 0) return keys_.note_off(channel, event.data1, clock_.milliseconds());
    if (channel == kDrumChannel && !options_.keep_drums)
      return warnings_.add(MidiOddity::drum_note, event.offset);
    if (channel != kDrumChannel && options_.piano_only && programs_[channel] >= kPianos)
      return warnings_.add(MidiOddity::other_program, event.offset);
    keys_.note_on(channel, event.data1, event.data2, clock_.milliseconds(), track, event.offset);
  }

  void set_tempo(const MidiEvent& event) {
    std::uint32_t microseconds = 0;
    if (event.payload.size() == 3)
      for (const std::uint8_t byte : event.payload) microseconds = microseconds << 8 | byte;
    if (microseconds == 0) return warnings_.add(MidiOddity::tempo_ignored, event.offset);
    clock_.set_tempo(microseconds);
  }

  ReadOptions options_;
  MidiClock clock_;
  KeysAndPedals keys_;
  std::vector<std::int64_t> track_ends_;  // ms
  std::array<std::uint8_t, kChannels> programs_{};
  MidiWarnings& warnings_;
};

void play_alone(MidiTrackReader reader, std::size_t track, Player& player, const Stop& stop) {
  for (MidiEvent event; reader.next(event);) {
    stop.check();
    player.play(event, track);
  }
}

// A track and the tick of its next message.
struct NextMessage {
  std::int64_t tick;
  std::size_t track;
  bool before(const NextMessage& other) const {
    return tick < other.tick || (tick == other.tick && track < other.track);
  }
};

// Moves the first element of `heap` down until the heap is ordered by time.
void sift_down(std::vector<NextMessage>& heap) {
  const NextMessage moved = heap.front();
  std::size_t at = 0;
  for (std::size_t child = 1; child < heap.size(); child = 2 * at + 1) {
    if (child + 1 < heap.size() && heap[child + 1].before(heap[child])) ++child;
    if (!heap[child].before(moved)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
}

// In order of tick; at one tick in order of tracks.
void play_together(std::vector<MidiTrackReader> readers, Player& player, const Stop& stop) {
  std::vector<MidiEvent> events(readers.size());
  std::vector<NextMessage> heap;
  for (std::size_t track = 0; track < readers.size(); ++track)
    if (readers[track].next(events[track])) heap.push_back({events[track].tick, track});
  std::sort(heap.begin(), heap.end(), [](const NextMessage& a, const NextMessage& b) { return a.before(b); });

  while (!heap.empty()) {
    stop.check();
    NextMessage& first = heap.front();
    player.play(events[first.track], first.track);
    if (readers[first.track].next(events[first.track])) {
      if (events[first.track].tick == first.tick) continue;  // still the first
      first.tick = events[first.track].tick;
    } else {
      first = heap.back();
      heap.pop_back();
    }
    if (!heap.empty()) sift_down(heap);
  }
}

}  // namespace

Score read_score(std::span<const std::uint8_t> bytes, const ReadOptions& options, const Stop& stop) {
  MidiWarnings warnings;
  const MidiFile file = open_midi(bytes, warnings, stop);
  std::vector<MidiTrackReader> readers;
  readers.reserve(file.tracks.size());
  for (const MidiTrack& track : file.tracks) readers.emplace_back(bytes, track, warnings);

  Player player(file, bytes.size() / kBytesPerNote, options, warnings);
  if (file.type == 2) {
    for (std::size_t track = 0; track < readers.size(); ++track) {
      play_alone(readers[track], track, player, stop);
      player.end_sequence();
    }
  } else if (readers.size() == 1) {
    play_alone(readers[0], 0, player, stop);
    player.end_sequence();
  } else {
    play_together(std::move(readers), player, stop);
    player.end_sequence();
  }
  Score score{player.take_notes(), warnings.sentences()};
  resolve_overlaps(score.notes);
  return score;
}

}  // namespace longplay
