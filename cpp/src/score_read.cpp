#include <functional>
#include <queue>
#include <string>
#include <utility>

#include "keyboards.hpp"
#include "longplay/error.hpp"
#include "longplay/midi_file.hpp"
#include "longplay/score.hpp"
#include "midi_clock.hpp"

namespace longplay {
namespace {

constexpr std::size_t kDrumChannel = 9;  // "channel 10", counted from 1

// Plays the messages of a file, given in order of time, and keeps the notes.
class Player {
 public:
  Player(const MidiFile& file, const ReadOptions& options, MidiWarnings& warnings)
      : options_(options),
        clock_(file.division),
        keyboards_(options.sustain),
        track_ends_(file.tracks.size()),
        warnings_(warnings) {}

  void play(const MidiEvent& event, std::size_t track) {
    clock_.move_to(event.tick, event.offset);
    const std::size_t channel = event.status & 0x0F;
    switch (event.status >> 4) {
      case 0x8:
        return keyboards_.note_off(channel, event.data1, clock_.milliseconds());
      case 0x9:
        return note_on(event, channel, track);
      case 0xB:
        return keyboards_.control(channel, event.data1, event.data2, clock_.milliseconds());
      case 0xF:
        if (event.status != kMeta) return;
        if (event.data1 == kMetaTempo) set_tempo(event);
        if (event.data1 == kMetaEndOfTrack) track_ends_[track] = clock_.milliseconds();
        return;
      default:
        return;  // what no piano hears: aftertouch, program change, pitch bend
    }
  }

  // What follows is another sequence: tick 0, tempo, keys and pedals begin anew.
  void end_sequence() {
    unreleased_ += keyboards_.finish(track_ends_, clock_.milliseconds());
    clock_.start_sequence();
  }

  std::vector<Note> take_notes() {
    if (unreleased_ > 0)
      warnings_.add("notes that are never released, which last to the end of their track: " +
                    std::to_string(unreleased_));
    if (drums_ > 0)
      warnings_.add("notes of channel 10, the drums, which were left out: " + std::to_string(drums_));
    return std::move(keyboards_.notes());
  }

 private:
  void note_on(const MidiEvent& event, std::size_t channel, std::size_t track) {
    if (event.data2 == 0) return keyboards_.note_off(channel, event.data1, clock_.milliseconds());
    if (channel == kDrumChannel && !options_.keep_drums) {
      ++drums_;
      return;
    }
    keyboards_.note_on(channel, event.data1, event.data2, clock_.milliseconds(), track, event.offset);
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
  Keyboards keyboards_;
  std::vector<std::int64_t> track_ends_;  // ms
  std::size_t unreleased_ = 0;
  std::size_t drums_ = 0;
  MidiWarnings& warnings_;
};

void play_alone(MidiTrackReader reader, std::size_t track, Player& player) {
  for (MidiEvent event; reader.next(event);) player.play(event, track);
}

// In order of tick; at one tick in order of tracks.
void play_together(std::vector<MidiTrackReader> readers, Player& player) {
  using Place = std::pair<std::int64_t, std::size_t>;  // tick of a track's next message, track
  std::vector<MidiEvent> events(readers.size());
  std::priority_queue<Place, std::vector<Place>, std::greater<>> places;
  for (std::size_t track = 0; track < readers.size(); ++track)
    if (readers[track].next(events[track])) places.push({events[track].tick, track});

  while (!places.empty()) {
    const std::size_t track = places.top().second;
    places.pop();
    MidiEvent& event = events[track];
    bool more = true;
    do {
      player.play(event, track);
      more = readers[track].next(event);
    } while (more && (places.empty() || Place{event.tick, track} < places.top()));
    if (more) places.push({event.tick, track});
  }
}

}  // namespace

Score read_score(std::span<const std::uint8_t> bytes, const ReadOptions& options) {
  MidiWarnings warnings;
  const MidiFile file = open_midi(bytes, warnings);
  std::vector<MidiTrackReader> readers;
  readers.reserve(file.tracks.size());
  for (const MidiTrack& track : file.tracks) readers.emplace_back(bytes, track, warnings);

  Player player(file, options, warnings);
  if (file.type == 2) {
    for (std::size_t track = 0; track < readers.size(); ++track) {
      play_alone(readers[track], track, player);
      player.end_sequence();
    }
  } else if (readers.size() == 1) {
    play_alone(readers[0], 0, player);
    player.end_sequence();
  } else {
    play_together(std::move(readers), player);
    player.end_sequence();
  }
  Score score{player.take_notes(), warnings.sentences()};
  resolve_overlaps(score.notes);
  return score;
}

}  // namespace longplay
