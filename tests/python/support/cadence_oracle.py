"""When a piece may be over, as docs/pieces.md describes it: its last chord is long, and at home in its key."""

import math
from collections.abc import Sequence
from typing import NamedTuple

REMEMBERED = 512  # notes
CHORD_MS = 60
KEY_MS = 30_000
LONGEST_HEARD_MS = 2000
MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)


class PlayedNote(NamedTuple):
    """A note as it was drawn: nothing has ended it yet."""

    onset: int
    duration: int
    pitch: int
    velocity: int


def is_closed(notes: Sequence[PlayedNote], end_ms: int) -> bool:
    """Return whether a piece of these notes, planned to end at `end_ms`, ends on a final close."""
    first = len(notes) - 1
    while first > 0 and notes[first].onset - notes[first - 1].onset <= CHORD_MS:
        first -= 1
    before, close = notes[:first], notes[first:]
    if not before or len(close) >= REMEMBERED:
        return False
    heard = {note.pitch: min(note.duration, end_ms - note.onset) for note in close}  # of a pitch the last counts
    longest = _length(max(heard.values()))
    if 4 * sum(_length(note.duration) <= longest for note in before) < 3 * len(before):
        return False
    home = _tonic(notes[-REMEMBERED:])
    above = {(note.pitch - home) % 12 for note in close}
    lowest = (min(note.pitch for note in close) - home) % 12
    return lowest == 0 or above <= {0, 4, 7} or above <= {0, 3, 7}


def _length(duration_ms: int) -> int:
    """Return the length's class; nine classes per doubling."""
    return int(9 * math.log2(max(duration_ms, 1)))


def _tonic(notes: Sequence[PlayedNote]) -> int:
    heard = [0.0] * 12
    for note in reversed(notes):
        if note.onset >= notes[-1].onset - KEY_MS:
            heard[note.pitch % 12] += min(note.duration, LONGEST_HEARD_MS)
    fits = [(_fit(profile, heard, tonic), tonic) for profile in (MAJOR, MINOR) for tonic in range(12)]
    return max(fits, key=lambda fit: fit[0])[1]


def _fit(profile: Sequence[float], heard: Sequence[float], tonic: int) -> float:
    mean = sum(part / 12 for part in profile)
    product = sum((part - mean) * heard[(tonic + step) % 12] for step, part in enumerate(profile))
    return product / math.sqrt(sum((part - mean) ** 2 for part in profile))
