"""Sketches: music of which a part is given."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from longplay import _core
from longplay._base.require import refuse_type, require_list, require_mapping, require_number, show
from longplay.midi import NOTE, Notes, require_notes
from longplay.settings import DECLARATIONS, LONGEST_SECONDS, SketchOptions

FREE_FIELDS = ("pitch", "velocity", "duration")
"""Fields of a given note that may be free."""

TAIL_SECONDS = 1.0
"""Seconds of a piece after the last note of a file, as in `midi_bytes`."""

NEIGHBOUR_MS = 20_000
"""The music this close to a gap decides how many notes fill the gap."""

PULSE_SECONDS = 1.0
"""Time between the free notes in a stretch without given ones, or longer where less than one note a second is wanted.

The number of added notes is kept only where a given note is near. A free note is one of which only the time is given,
within half of this time.
"""

LOWEST_LIMIT = 48
FEWEST_KEYS = 7
"""An accompaniment lies below a melody only if its highest pitch is at least this, and so many keys are left."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """Music of which a part is given; `Engine.complete` adds the rest.

    The arrays are read-only.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        The given notes, of dtype `NOTE`, in order of onset. Notes of one pitch do not overlap.
    seconds : float
        Length of the piece, in [1, 86400], exact to the millisecond. All given notes end 10 ms before it.
    open : sequence of (float, float)
        Stretches in seconds, in order, in which the engine may add notes; by default none.
    free_fields : mapping of str to bool array, shape (notes,)
        Which notes leave ``pitch``, ``velocity`` or ``duration`` to the engine. One bool counts for all notes. All
        other fields are given.
    slack : float or float array, shape (notes,)
        By how many seconds the engine may move each onset, in [0, 1]; 0 keeps it. One number counts for all notes. No
        onset moves past the end.
    added_per_second : float
        How many notes to add in a second of the open stretches, in [0, 1000]. 0 leaves it to the model.

    Raises
    ------
    TypeError, ValueError
        An argument has the wrong type, shape or range; the message names it.
    """

    notes: Notes = field(repr=False)
    seconds: float
    open: Sequence[tuple[float, float]] = ()
    free_fields: Mapping[str, ArrayLike] = field(default_factory=dict, repr=False)
    slack: ArrayLike = 0.0
    added_per_second: float = 0.0

    def __post_init__(self) -> None:
        notes = require_notes(self.notes).copy()
        notes.flags.writeable = False
        object.__setattr__(self, "notes", notes)
        object.__setattr__(self, "seconds", DECLARATIONS["seconds"].check("seconds", self.seconds))
        _require_inside(notes, round(self.seconds * 1000))
        object.__setattr__(self, "open", tuple(_stretch(*one) for one in enumerate(require_list("open", self.open))))
        for name in require_mapping("free_fields", self.free_fields):
            if name not in FREE_FIELDS:
                raise ValueError(f"free_fields must name {', '.join(FREE_FIELDS)}, not {name!r}")
        number = require_number("added_per_second", self.added_per_second, 0, 1000)
        object.__setattr__(self, "added_per_second", number)
        _ = self.free, self.slack_ms  # so that their errors show now

    @property
    def free(self) -> NDArray[np.bool_]:
        """Whether pitch, velocity and duration of each note are free, shape (notes, 3)."""
        free = np.zeros((len(self.notes), len(FREE_FIELDS)), bool)
        for index, name in enumerate(FREE_FIELDS):
            free[:, index] = _broadcast(f"free_fields[{name!r}]", self.free_fields.get(name, False), len(self.notes))
        return free

    @property
    def slack_ms(self) -> NDArray[np.int64]:
        """By how many milliseconds each onset may move, shape (notes,)."""
        latest = round(self.seconds * 1000) - _core.SILENT_END_MS - 1 - self.notes["onset_ms"]
        slack = _broadcast("slack", self.slack, len(self.notes))
        for one in slack.tolist() if slack.dtype == object else np.unique(slack).tolist():
            SketchOptions(slack=one)
        asked = np.round(slack.astype(float) * 1000).astype(np.int64)
        slack_ms: NDArray[np.int64] = np.minimum(asked, latest)
        return slack_ms

    @property
    def open_ms(self) -> list[tuple[int, int]]:
        """The open stretches in milliseconds."""
        return [(round(begin * 1000), round(end * 1000)) for begin, end in self.open]

    @property
    def hash(self) -> str:
        """SHA-256 of the sketch."""
        columns = [self.notes[name].astype("<i8").tobytes() for name in self.notes.dtype.names or ()]
        rest = repr((round(self.seconds * 1000), self.open_ms, self.added_per_second)).encode()
        parts = [*columns, self.free.tobytes(), self.slack_ms.astype("<i8").tobytes(), rest]
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def accompaniment(melody: Notes, density: float) -> Sketch:
    """Return the sketch of a melody that is accompanied by `density` notes for each of its notes."""
    end = _end_seconds(melody)
    return Sketch(melody, end + TAIL_SECONDS, [(0.0, end)], added_per_second=density * len(melody) / end)


def gap(notes: Notes, seconds: float, start: float, end: float) -> Sketch:
    """Return the sketch of a piece without the notes that start in [start, end); new ones fill the gap."""
    begin_ms, end_ms = round(start * 1000), round(end * 1000)
    onsets = notes["onset_ms"]
    outside = notes[(onsets < begin_ms) | (onsets >= end_ms)]
    near = (onsets >= begin_ms - NEIGHBOUR_MS) & (onsets < end_ms + NEIGHBOUR_MS) & np.isin(onsets, outside["onset_ms"])
    first, last = max(0, begin_ms - NEIGHBOUR_MS), min(round(seconds * 1000), end_ms + NEIGHBOUR_MS)
    around = max(1, last - first - (end_ms - begin_ms)) / 1000
    return pulsed(outside, seconds, (start, end), int(near.sum()) / around)


def performance(score: Notes, seconds: float, slack: float) -> Sketch:
    """Return the sketch of a score whose velocities, lengths and, within a slack, onsets are free."""
    return Sketch(score, seconds, free_fields={"velocity": True, "duration": True}, slack=slack)


def variation(notes: Notes, seconds: float, start: float, end: float, keep: float, random_seed: int) -> Sketch:
    """Return the sketch of a piece that keeps a share of the notes in [start, end), and all others."""
    begin_ms, end_ms = round(start * 1000), round(end * 1000)
    inside = (notes["onset_ms"] >= begin_ms) & (notes["onset_ms"] < end_ms)
    lots = [_core.uniform(random_seed=random_seed, candidate=0, event=i, field=0) for i in range(len(notes))]
    kept = notes[~inside | (np.array(lots) < keep)]
    if len(kept) == len(notes):
        return Sketch(notes, seconds)
    return pulsed(kept, seconds, (start, end), (len(notes) - len(kept)) / (end - start))


def pulsed(notes: Notes, seconds: float, span: tuple[float, float], per_second: float) -> Sketch:
    """Return the sketch of given notes with an open span, in which free notes keep the density of long stretches.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        The given notes.
    seconds : float
        Length of the piece.
    span : (float, float)
        The open stretch, in seconds.
    per_second : float
        How many notes to add in a second of the span, the free notes included.
    """
    begin_ms, end_ms = round(span[0] * 1000), round(span[1] * 1000)
    latest_ms = min(end_ms, round(seconds * 1000) - _core.SILENT_END_MS - 1)
    onsets = notes["onset_ms"]
    ends = [begin_ms, *onsets[(onsets > begin_ms) & (onsets < latest_ms)].tolist(), latest_ms]
    pulse_ms = round(1000 * max(PULSE_SECONDS, 1 / per_second)) if per_second > 0 else latest_ms
    times = [
        time for first, last in pairwise(ends) for time in range(first + pulse_ms // 2, last - pulse_ms // 2, pulse_ms)
    ]
    pulses = np.zeros(len(times), NOTE)
    pulses["onset_ms"], pulses["duration_ms"], pulses["pitch"], pulses["velocity"] = times, 1, 60, 1
    both = np.concatenate([notes.astype(NOTE), pulses])
    order = np.argsort(both["onset_ms"], kind="stable")
    free = (np.arange(len(both)) >= len(notes))[order]
    slack = min(1.0, pulse_ms / 2000)
    return Sketch(
        both[order],
        seconds,
        [span],
        free_fields=dict.fromkeys(FREE_FIELDS, free),
        slack=np.where(free, slack, 0.0),
        added_per_second=max(0.0, per_second - len(times) / (span[1] - span[0])),
    )


def below(melody: Notes, keys: ArrayLike) -> tuple[int, int] | None:
    """Return the span of pitches of an accompaniment that mostly lies below a melody; None for a low melody.

    `keys` are the pitches that the model plays.

    The highest pitch is the lower quartile of the melody's pitches. So as much of an accompaniment lies above the
    melody as in real music (``docs/composing.md``).
    """
    highest = int(np.percentile(melody["pitch"], 25)) - 1
    has_keys = np.count_nonzero(np.asarray(keys) <= highest) >= FEWEST_KEYS
    return (0, highest) if highest >= LOWEST_LIMIT and has_keys else None


def _end_seconds(notes: Notes) -> float:
    return float((notes["onset_ms"] + notes["duration_ms"]).max(initial=0)) / 1000


def _require_inside(notes: Notes, length_ms: int) -> None:
    """Refuse times that no piece of this length has; the core checks the rest of the notes."""
    for name in ("onset_ms", "duration_ms"):
        outside = np.flatnonzero((notes[name] < 0) | (notes[name] > length_ms))
        if len(outside):
            value = notes[name][outside[0]]
            raise ValueError(f"notes[{outside[0]}].{name} must be in [0, {length_ms}], not {value}")


def _stretch(index: int, pair: tuple[float, float]) -> tuple[float, float]:
    ends = require_list(f"open[{index}]", pair)
    if len(ends) != 2:
        raise ValueError(f"open[{index}] must be a begin and an end, not {show(pair)}")
    first = require_number(f"the begin of open[{index}]", ends[0], 0, LONGEST_SECONDS)
    return first, require_number(f"the end of open[{index}]", ends[1], first, LONGEST_SECONDS, open_low=True)


def _broadcast(name: str, value: ArrayLike, count: int) -> NDArray[np.generic]:
    try:
        array = np.asarray(value)
    except ValueError:  # rows that differ
        refuse_type(name, "one value or an array", value)
    try:
        return np.broadcast_to(array, (count,))
    except ValueError:
        raise ValueError(f"{name} must be one value or have shape ({count},), not {array.shape}") from None
