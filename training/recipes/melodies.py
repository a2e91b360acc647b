"""Read tunes as the events of Magenta's melody models: one event for each sixteenth.

Event 0 lets the note sound on (or silence continue), 1 ends it, and 2 to 37 strike the pitches 48 to 83 [1]_. Event 0
stands before the first one.

References
----------
.. [1] Waite, "Generating Long-Term Structure in Songs and Stories", Magenta, 2016; Magenta's ``melody_rnn``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay.importing.symbols import HOLD, REST, vocabulary_of
from training.recipes.tunes import REST as NO_PITCH
from training.recipes.tunes import TICKS, Tune, load_tunes

NO_EVENT, OFF, FIRST = 0, 1, 2
LOWEST, HIGHEST = 48, 83
EVENTS = FIRST + HIGHEST - LOWEST + 1
SIXTEENTH = TICKS // 4
BAR = 16
"""Events of a bar in 4/4."""


def meaning() -> dict[str, Any]:
    """Return what the events mean (docs/vocabularies.md)."""
    return vocabulary_of([HOLD, REST, *(str(pitch) for pitch in range(LOWEST, HIGHEST + 1))])


def events(notes: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Return the events of notes (pitch, ticks), one after the other, each at its nearest sixteenth.

    Of notes at one sixteenth, the last one is kept. Pitches outside the range move by octaves.
    """
    onsets = np.cumsum([0, *(ticks for _, ticks in notes)])
    ids = np.full(max(1, round(onsets[-1] / SIXTEENTH)), NO_EVENT)
    for (pitch, _), onset in zip(notes, onsets, strict=False):
        while pitch != NO_PITCH and not LOWEST <= pitch <= HIGHEST:
            pitch += 12 if pitch < LOWEST else -12
        ids[min(len(ids) - 1, round(onset / SIXTEENTH))] = OFF if pitch == NO_PITCH else FIRST + pitch - LOWEST
    return ids


def load_melodies(path: Path, split: str) -> list[NDArray[np.int64]]:
    """Read the melodies of a file of tunes; only those whose bar has 16 sixteenths, or divides it."""
    return [events(tune.notes) for tune in load_tunes(path, split) if is_even(tune)]


def is_even(tune: Tune) -> bool:
    """Return whether 16 sixteenths are a whole number of the tune's bars."""
    return tune.meter in ((4, 4), (2, 2), (2, 4))
