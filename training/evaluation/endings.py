"""Measure whether a piece comes to an end, or merely stops.

The close of a piece is the group of notes at its last onset, with gaps of at most `CLOSE_GAP_MS`. It is final if it is

- long: its longest note lasts at least as long as `LONGER_THAN` of the notes before the close;
- at rest: its lowest note is the tonic, or all its notes belong to the tonic's major or minor triad, in the key of the
  last `KEY_MS`;
- in time: it is released in the last `IN_TIME_MS` of the requested length.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from longplay.form import CLOSE_GAP_MS, KEY_MS
from longplay.midi import Notes
from training.evaluation import keys
from training.evaluation.clips import Music, excerpt

LONGER_THAN = 0.75
IN_TIME_MS = 5_000
SIGNS = ("long", "at_rest", "in_time")


def close(notes: Notes) -> Notes:
    """Return the notes of the close: back from the last onset, as long as gaps do not exceed `CLOSE_GAP_MS`."""
    gaps = np.flatnonzero(np.diff(notes["onset_ms"]) > CLOSE_GAP_MS)
    return notes[gaps[-1] + 1 if len(gaps) else 0 :]


def is_long(notes: Notes) -> bool:
    """Return whether the close lasts longer than most notes before it."""
    last = close(notes)
    before = notes["duration_ms"][: len(notes) - len(last)]
    return len(before) > 0 and float((before <= last["duration_ms"].max()).mean()) >= LONGER_THAN


def is_at_rest(notes: Notes) -> bool:
    """Return whether the close rests on the tonic."""
    last = close(notes)
    onset = int(notes["onset_ms"][-1])
    tonic = keys.tonic(excerpt(notes, onset - KEY_MS, onset + 1))
    above = set(((last["pitch"].astype(int) - tonic) % 12).tolist())
    lowest = (int(last["pitch"].min()) - tonic) % 12
    return lowest == 0 or above <= {0, 4, 7} or above <= {0, 3, 7}


def is_in_time(notes: Notes, length_ms: int) -> bool:
    """Return whether the close is released shortly before the end."""
    last = close(notes)
    released = int((last["onset_ms"] + last["duration_ms"]).max())
    return length_ms - IN_TIME_MS <= released <= length_ms


def random_cut(music: Music, random: np.random.Generator) -> Music:
    """Return the first 30 to 90 % of a piece, with the durations of its last notes unchanged."""
    end = int(music.length_ms * random.uniform(0.3, 0.9))
    notes = excerpt(music.notes, 0, end)
    length = int((notes["onset_ms"] + notes["duration_ms"]).max(initial=0))
    return Music(notes, length, music.work, music.source)


def endings(pieces: Sequence[Music]) -> dict[str, Any]:
    """Return the shares of pieces whose close has each of `SIGNS`, and all three (``final``)."""
    signs = np.array(
        [
            (is_long(piece.notes), is_at_rest(piece.notes), is_in_time(piece.notes, piece.length_ms))
            for piece in pieces
            if len(piece.notes) > 0
        ]
    ).reshape(-1, len(SIGNS))
    if len(signs) == 0:
        return {"pieces": 0}
    parts = dict(zip(SIGNS, signs.mean(axis=0).round(3).tolist(), strict=True))
    return {"pieces": len(signs), **parts, "final": round(float(signs.all(axis=1).mean()), 3)}
