"""MIDI files for a digital audio workstation: a tempo map, markers, a key, and a track for each hand.

The times are those of the piece to the millisecond, whatever the tempo of the project.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from longplay._base.key import Key
from longplay.midi import DRUMS, NOTE, Notes

TICKS = 960
"""Ticks of a quarter note, which is a beat."""

HANDS_MS = 1000
MIDDLE = 60
"""Notes this near decide where the hands part; without any, they part at this pitch."""

NARROW = 14
"""Notes near each other that span fewer semitones are for one hand."""

_FIFTHS = {0: 0, 7: 1, 2: 2, 9: 3, 4: 4, 11: 5, 6: 6, 1: -5, 8: -4, 3: -3, 10: -2, 5: -1}
"""Sharps of the major key of a tonic; flats are negative."""

_NOTE_OFF, _NOTE_ON, _PROGRAM = 0x80, 0x90, 0xC0
_NAME, _MARKER, _END, _TEMPO, _KEY = 0x03, 0x06, 0x2F, 0x51, 0x59

Event = tuple[int, int, bytes]
"""Tick, rank among the events of the tick, and bytes."""


def daw_midi(
    notes: Notes,
    duration: float,
    beats: NDArray[np.int64],
    *,
    markers: Sequence[tuple[int, str]] = (),
    key: Key | None = None,
    title: str = "longplay",
) -> bytes:
    """Return a MIDI file of type 1 whose tempo map follows the beats.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        Of dtype `NOTE` or `PROGRAM_NOTE`.
    duration : float
        Length in seconds, at which all tracks end.
    beats : int64 array, shape (beats,)
        Times of the beats in milliseconds; the first is 0, and the last is not before the end.
    markers : sequence of (int, str)
        Times in milliseconds, and names.
    key : Key, optional
        Key of the music, for the key signature.
    title : str
        Name of the first track.
    """
    end = int(_ticks(np.array([round(duration * 1000)]), beats)[0])
    conductor = [(0, 0, _meta(_NAME, title.encode()))]
    if key is not None:
        fifths = fifths_of(key)
        conductor.append((0, 1, _meta(_KEY, bytes([fifths % 256, key.minor]))))
    lengths = 1000 * np.diff(beats)  # microseconds
    for beat in np.flatnonzero(np.diff(lengths, prepend=0)):
        conductor.append((int(beat) * TICKS, 1, _meta(_TEMPO, int(lengths[beat]).to_bytes(3, "big"))))
    times = _ticks(np.array([time for time, _ in markers], np.int64), beats)
    conductor += [(int(tick), 2, _meta(_MARKER, name.encode())) for tick, (_, name) in zip(times, markers, strict=True)]
    tracks = [_track(conductor, end)]
    for name, channel, program, part in _parts(notes):
        onsets, ends = _ticks(part["onset_ms"], beats), _ticks(part["onset_ms"] + part["duration_ms"], beats)
        events = [(0, 0, _meta(_NAME, name.encode())), (0, 1, bytes([_PROGRAM | channel, program]))]
        for onset, off, pitch, velocity in zip(onsets, ends, part["pitch"], part["velocity"], strict=True):
            events.append((int(onset), 3, bytes([_NOTE_ON | channel, pitch, velocity])))
            events.append((max(int(off), int(onset) + 1), 2, bytes([_NOTE_OFF | channel, pitch, 0])))
        tracks.append(_track(events, end))
    return (
        b"MThd"
        + b"".join(number.to_bytes(size, "big") for number, size in ((6, 4), (1, 2), (len(tracks), 2), (TICKS, 2)))
        + b"".join(tracks)
    )


def fifths_of(key: Key) -> int:
    """Return the sharps of a key; flats are negative."""
    return _FIFTHS[(key.tonic + 3 * key.minor) % 12]


def is_right(notes: Notes) -> NDArray[np.bool_]:
    """Return which notes the right hand plays, by register alone.

    Where the notes within `HANDS_MS` lie close together, one hand plays them. Otherwise the hands part in the widest
    gap between neighbouring pitches.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        In order of onset.
    """
    onsets, pitches = notes["onset_ms"], notes["pitch"].astype(int)
    first = np.searchsorted(onsets, onsets - HANDS_MS)
    last = np.searchsorted(onsets, onsets + HANDS_MS, side="right")
    parts = np.empty(len(notes))
    for index, (begin, end) in enumerate(zip(first, last, strict=True)):
        near = np.unique(pitches[begin:end])
        parts[index] = MIDDLE - 0.5
        if near[-1] - near[0] >= NARROW:
            middles, gaps = (near[1:] + near[:-1]) / 2, np.diff(near)
            parts[index] = middles[np.argmax(gaps - 0.5 * np.abs(middles - (near[0] + near[-1]) / 2))]
    return pitches > parts


def _parts(notes: Notes) -> list[tuple[str, int, int, Notes]]:
    """Return name, channel, program and notes of each track."""
    if notes.dtype.names == NOTE.names:
        right = is_right(notes)
        return [("Right hand", 0, 0, notes[right]), ("Left hand", 1, 0, notes[~right])]
    free = [channel for channel in range(16) if channel != 9]
    found: list[tuple[str, int, int, Notes]] = []
    for program in np.unique(notes["program"]).tolist():
        channel = 9 if program == DRUMS else free[len(found) % len(free)]
        name = "Drums" if program == DRUMS else f"Program {program + 1}"
        found.append((name, channel, 0 if program == DRUMS else program, notes[notes["program"] == program]))
    return found


def _ticks(times_ms: NDArray[np.int64], beats: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return times as ticks: beats are `TICKS` apart, and time is even between two of them."""
    ticks: NDArray[np.int64] = np.interp(times_ms, beats, TICKS * np.arange(len(beats))).round().astype(np.int64)
    return ticks


def _track(events: list[Event], end: int) -> bytes:
    """Return a track chunk that ends at a tick."""
    parts, now = [], 0
    for tick, _, data in [*sorted(events, key=lambda event: event[:2]), (end, 9, _meta(_END, b""))]:
        parts.append(_variable(tick - now) + data)
        now = tick
    body = b"".join(parts)
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _variable(len(data)) + data


def _variable(number: int) -> bytes:
    """Return a variable-length quantity."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | (number & 0x7F))
    return bytes(reversed(digits))
