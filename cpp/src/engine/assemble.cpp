#include "engine/assemble.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace longplay {

void Assembler::add(const GenerationResult& drawn) {
  for (const Sound& sound : drawn.sounds) {
    if (sound.kind == Sound::Kind::note) {
      add(sound.note);
    } else if (sound.kind == Sound::Kind::release) {
      release_key(sound.note.pitch, sound.note.onset_ms);
    } else {
      end_piece(sound.note.onset_ms);
    }
  }
  if (drawn.finished) finish();
}

// Ends the latest note of a pitch, unless it is over.
void Assembler::release_key(std::uint8_t pitch, std::int64_t at_ms) {
  const auto end = [&](Note& note) {
    note.duration_ms = std::min(note.duration_ms, std::max<std::int64_t>(at_ms - note.onset_ms, 1));
  };
  const auto struck = std::ranges::find(chord_, pitch, &Note::pitch);
  if (struck != chord_.end()) {
    end(*struck);
  } else if (latest_[pitch] > released_) {
    end(sounding_[latest_[pitch] - released_ - 1]);
  }
}

void Assembler::add(const Note& note) {
  if (!chord_.empty() && chord_.front().onset_ms != note.onset_ms) {
    end_chord();
    release(note.onset_ms);
  }
  const auto above = std::ranges::lower_bound(chord_, note.pitch, {}, &Note::pitch);
  if (above != chord_.end() && above->pitch == note.pitch) {
    above->duration_ms = std::max(above->duration_ms, note.duration_ms);
    above->velocity = std::max(above->velocity, note.velocity);
  } else {
    chord_.insert(above, note);
  }
}

// Ends the chord: its notes end the sounding notes of their pitches.
void Assembler::end_chord() {
  for (const Note& note : chord_) {
    std::uint64_t& latest = latest_[note.pitch];
    if (latest > released_) {
      Note& before = sounding_[latest - released_ - 1];
      before.duration_ms = std::min(before.duration_ms, note.onset_ms - before.onset_ms);
    }
    sounding_.push_back(note);
    latest = released_ + sounding_.size();
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
