"""The reading rules of docs/midi.md once more: slow, in exact fractions, upon mido's parser."""

import io
from collections import defaultdict
from fractions import Fraction
from math import floor

import mido

NoteTuple = tuple[int, int, int, int]  # onset and duration in ms, pitch, velocity

ALL_SOUND_OFF, RESET, ALL_NOTES_OFF = 120, 121, 123


class Pianos:
    """Sixteen keyboards with a pedal each; a note is a list [onset, end, pitch, velocity]."""

    def __init__(self, sustain: bool) -> None:
        self.sustain = sustain
        self.notes: list[list[int]] = []
        self.pressed: dict[tuple[int, int], list[tuple[list[int], int]]] = defaultdict(list)
        self.sustained: dict[int, list[list[int]]] = defaultdict(list)
        self.pedal: dict[int, bool] = defaultdict(bool)

    def press(self, channel, pitch, velocity, now, track):
        note = [now, now, pitch, velocity]
        self.notes.append(note)
        self.pressed[channel, pitch].append((note, track))

    def release(self, channel, pitch, now):
        if self.pressed[channel, pitch]:
            note, _ = self.pressed[channel, pitch].pop(0)
            note[1] = now
            if self.pedal[channel]:
                self.sustained[channel].append(note)

    def lift(self, channel, now):
        for note in self.sustained.pop(channel, []):
            note[1] = now

    def control(self, channel, number, value, now):
        if number == 64 and self.sustain:
            self.pedal[channel] = value >= 64
            if value < 64:
                self.lift(channel, now)
        if number == ALL_SOUND_OFF or number >= ALL_NOTES_OFF:
            for pressed_channel, pitch in list(self.pressed):
                while pressed_channel == channel and self.pressed[channel, pitch]:
                    self.release(channel, pitch, now)
        if number == RESET:
            self.pedal[channel] = False
        if number in (ALL_SOUND_OFF, RESET):
            self.lift(channel, now)

    def stop(self, now, track_ends):
        for presses in self.pressed.values():
            for note, track in presses:
                note[1] = track_ends[track]
        for channel in list(self.sustained):
            self.lift(channel, now)
        self.pressed.clear()
        self.pedal.clear()


def read(data: bytes, *, sustain: bool = True, keep_drums: bool = False, piano_only: bool = False) -> list[NoteTuple]:
    midi = mido.MidiFile(file=io.BytesIO(data), clip=True)
    pianos = Pianos(sustain)
    tracks = list(enumerate(midi.tracks))
    now = Fraction(0)
    for sequence in [[track] for track in tracks] if midi.type == 2 else [tracks]:
        now = play(sequence, midi.ticks_per_beat, now, pianos, keep_drums, piano_only)
    return resolve([tuple(note) for note in pianos.notes])


def play(tracks, ticks_per_quarter, now, pianos, keep_drums, piano_only):
    timed = []
    for index, track in tracks:
        tick = 0
        for message in track:
            tick += message.time
            timed.append((tick, index, message))
    timed.sort(key=lambda entry: entry[:2])

    tempo, before, ends, programs = 500_000, 0, {}, defaultdict(int)
    for tick, index, message in timed:
        now += Fraction((tick - before) * tempo, ticks_per_quarter * 1000)
        before = tick
        ms = floor(now + Fraction(1, 2))
        ends[index] = ms
        kind = message.type
        if kind == "set_tempo":
            tempo = message.tempo
        elif kind == "note_on" and message.velocity > 0:
            if keep_drums if message.channel == 9 else programs[message.channel] < 8 or not piano_only:
                pianos.press(message.channel, message.note, message.velocity, ms, index)
        elif kind in ("note_on", "note_off"):
            pianos.release(message.channel, message.note, ms)
        elif kind == "program_change":
            programs[message.channel] = message.program
        elif kind == "control_change":
            pianos.control(message.channel, message.control, message.value, ms)
    pianos.stop(floor(now + Fraction(1, 2)), ends)
    return now


def resolve(notes: list[NoteTuple]) -> list[NoteTuple]:
    """From (onset, end, pitch, velocity) to notes of which no two overlap on one pitch."""
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    for onset, end, pitch, velocity in notes:
        longest, loudest = merged.get((onset, pitch), (onset + 1, 0))
        merged[onset, pitch] = max(end, longest), max(velocity, loudest)
    resolved, next_onset = [], {}
    for onset, pitch in sorted(merged, reverse=True):
        end, velocity = merged[onset, pitch]
        end = min(end, next_onset.get(pitch, end))
        next_onset[pitch] = onset
        resolved.append((onset, end - onset, pitch, velocity))
    return resolved[::-1]
