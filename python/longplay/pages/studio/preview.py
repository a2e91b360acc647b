"""The first notes of pieces that are not finished, from their snapshots."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from longplay._making.snapshot import Snapshot
from longplay.engine import Engine, planner_of
from longplay.midi import Notes, on_one_piano
from longplay.settings import DEFAULT_SECONDS
from longplay.tokenizer import Tokenizer

SHORTEST_SECONDS = 4.0  # of music between two snapshots
MOST_SNAPSHOTS = 120  # of a candidate: each copies the state of the model, which takes up to 3 MB


def preview_seconds(settings: Mapping[str, Any]) -> float:
    """Return the seconds of music between two snapshots of a piece with these settings."""
    return max(SHORTEST_SECONDS, float(settings.get("seconds", DEFAULT_SECONDS)) / MOST_SNAPSHOTS)


class Preview:
    """Report the new notes of each snapshot.

    Parameters
    ----------
    engine : Engine
        Makes the pieces.
    report : callable
        Called with the number of a candidate and its notes that follow those reported before.
    """

    def __init__(self, engine: Engine, report: Callable[[int, Notes], None]) -> None:
        self._planner = planner_of(engine)
        self._tokenizer = engine.tokenizer
        self._report = report
        self._reported: Counter[int] = Counter()

    def read(self, candidate: int, data: bytes) -> None:
        """Read a snapshot, as `on_snapshot` of `Engine.generate_batch`."""
        notes = first_notes(self._planner.read("piece", data), self._tokenizer)
        new = notes[self._reported[candidate] :]
        if len(new):
            self._reported[candidate] += len(new)
            self._report(candidate, new)


def first_notes(snapshot: Snapshot, tokenizer: Tokenizer) -> Notes:
    """Return the notes of a snapshot that the finished piece begins with.

    The durations of the last ones may become shorter. In a recital, these are the notes of its first piece.
    """
    events = snapshot.events
    ends = np.flatnonzero(events[:, 0] == (-1 if tokenizer.end_id is None else tokenizer.end_id))
    drawn = on_one_piano(tokenizer.decode(events[: ends[0]] if len(ends) else events))
    seed = on_one_piano(snapshot.core.notes)
    if len(seed):  # the seed is part of the piece, and the first event counts from its last note
        drawn["onset_ms"] += seed["onset_ms"].max()
    elif len(drawn):  # a piece begins with its first note
        drawn["onset_ms"] -= drawn["onset_ms"][0]
    notes: Notes = np.concatenate([seed, drawn])
    if not len(ends):  # the last chord may grow
        notes = notes[notes["onset_ms"] < notes["onset_ms"].max(initial=0)]
    return notes
