#include "engine/assemble.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace longplay {
namespace {

std::pair<std::uint8_t, std::uint8_t> key_of(const Note& note) { return {note.pitch, note.program}; }

}  // namespace

void Assembler::add(const GenerationResult& drawn) {
  for (const Sound& sound : drawn.sounds) {
    if (sound.kind == Sound::Kind::note) {
      add(sound.note);
    } else if (sound.kind == Sound::Kind::release) {
      release_key(sound.note);
    } else {
      end_piece(sound.note.onset_ms);
    }
  }
  if (drawn.finished) finish();
}

// How many notes there were up to the latest one of the pitch and the program of a note.
std::uint64_t& Assembler::latest(const Note& note) {
  const std::size_t key = note.program * std::size_t{128} + note.pitch;
  if (key >= latest_.size()) latest_.resize(key + 1);
  return latest_[key];
}

// Ends the latest note of a key, unless it is over.
void Assembler::release_key(const Note& key) {
  const auto end = [&](Note& note) {
    note.duration_ms = std::min(note.duration_ms, std::max<std::int64_t>(key.onset_ms - note.onset_ms, 1));
  };
  const auto struck = std::ranges::find(chord_, key_of(key), key_of);
  if (struck != chord_.end()) {
    end(*struck);
  } else if (const std::uint64_t count = latest(key); count > released_) {
    end(sounding_[count - released_ - 1]);
  }
}

void Assembler::add(const Note& note) {
  if (!chord_.empty() && chord_.front().onset_ms != note.onset_ms) {
    end_chord();
    release(note.onset_ms);
  }
  const auto above = std::ranges::lower_bound(chord_, key_of(note), {}, key_of);
  if (above != chord_.end() && key_of(*above) == key_of(note)) {
    above->duration_ms = std::max(above->duration_ms, note.duration_ms);
    above->velocity = std::max(above->velocity, note.velocity);
  } else {
    chord_.insert(above, note);
  }
}

// Ends the chord: its notes end the sounding notes of their keys.
void Assembler::end_chord() {
  for (const Note& note : chord_) {
    std::uint64_t& count = latest(note);
    if (count > released_) {
      Note& before = sounding_[count - released_ - 1];
      before.duration_ms = std::min(before.duration_ms, note.onset_ms - before.onset_ms);
    }
    sounding_.push_back(note);
    count = released_ + sounding_.size();
  }
  chord_.clear();
}

// A note is final once it is over; it is returned once all notes before it are final.
void Assembler::release(std::int64_t now_ms) {
  while (!sounding_.empty() && sounding_.front().onset_ms + sounding_.front().duration_ms <= now_ms) {
    if (sounding_.front().duration_ms > 0) final_.push_back(sounding_.front());  // else it came after the end
    sounding_.pop_front();
    ++released_;
  }
}

void Assembler::end_piece(std::int64_t next_ms) {
  end_chord();
  for (Note& note : sounding_) note.duration_ms = std::min(note.duration_ms, next_ms - note.onset_ms);
  release(next_ms);
}

void Assembler::finish() { end_piece(end_ms_); }

std::vector<Note> Assembler::take() { return std::exchange(final_, {}); }

std::vector<Note> Assembler::left() const {
  std::vector<Note> notes = final_;
  notes.insert(notes.end(), sounding_.begin(), sounding_.end());
  notes.insert(notes.end(), chord_.begin(), chord_.end());
  return notes;
}

}  // namespace longplay
