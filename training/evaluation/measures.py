"""Measure a passage of music: distributions of its notes, and single numbers.

References
----------
.. [1] Dong et al., "MusPy: A Toolkit for Symbolic Music Generation", ISMIR 2020: polyphony, and the two below.
.. [2] Mogren, "C-RNN-GAN", Constructive Machine Learning Workshop 2016: scale consistency.
.. [3] Wu and Yang, "The Jazz Transformer on the Front Line", ISMIR 2020: groove consistency.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes

VELOCITY_EDGES = np.arange(0, 129, 8)
DURATION_EDGES_MS = np.array([0, 25, 50, 100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200, 4800, np.inf])
ONSET_EDGES_MS = np.array([0, 1, 10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400, np.inf])
EDGES: dict[str, NDArray[np.float64]] = {
    "pitch_class": np.arange(13).astype(float),
    "velocity": VELOCITY_EDGES.astype(float),
    "duration_ms": DURATION_EDGES_MS,
    "inter_onset_ms": ONSET_EDGES_MS,
}
"""The edges of the bins of `distributions`; a value equal to an edge belongs to the bin above it."""

MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], bool)
MINOR = np.array([1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0], bool)
SCALES = np.array([np.roll(scale, root) for scale in (MAJOR, MINOR) for root in range(12)])

GROOVE_STEP_MS = 125
GROOVE_STEPS = 16  # two seconds: a bar of 4/4 at 120 quarter notes a minute, in sixteenths


def distributions(notes: Notes) -> dict[str, NDArray[np.float64]]:
    """Return the shares of the notes in the bins of `EDGES`, each with sum 1 (0 if there is nothing to count)."""
    values = {
        "pitch_class": notes["pitch"] % 12,
        "velocity": notes["velocity"],
        "duration_ms": notes["duration_ms"],
        "inter_onset_ms": np.diff(notes["onset_ms"]),
    }
    return {name: _parts(values[name], edges) for name, edges in EDGES.items()}


def overlap(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return the overlap of two distributions over the same bins: 1 if equal, 0 if disjoint."""
    return float(np.minimum(p, q).sum())


def notes_per_second(notes: Notes, seconds: float) -> float:
    """Return the number of notes per second."""
    return len(notes) / seconds


def polyphony(notes: Notes) -> float:
    """Return the mean number of sounding notes, where any sounds [1]_; NaN without notes."""
    starts = notes["onset_ms"]
    ends = starts + notes["duration_ms"]
    reach = np.maximum.accumulate(ends)  # the last release of the notes so far
    silent = np.maximum(0, starts[1:] - reach[:-1]).sum()
    covered = float(reach[-1] - starts[0] - silent) if len(notes) else 0.0
    return float(notes["duration_ms"].sum()) / covered if covered > 0 else float("nan")


def scale_consistency(notes: Notes) -> float:
    """Return the share of the notes in the major or minor scale that fits best [2]_; NaN without notes."""
    if len(notes) == 0:
        return float("nan")
    classes = np.bincount(notes["pitch"] % 12, minlength=12)
    return float((SCALES @ classes).max() / len(notes))


def groove_consistency(notes: Notes, step_ms: int = GROOVE_STEP_MS, steps: int = GROOVE_STEPS) -> float:
    """Return the mean share of the steps in which a bar and the next one agree on having an onset [3]_.

    Notes carry no bars, so a bar is `steps` of `step_ms` from time 0. The result is NaN for music shorter than a bar.
    """
    if len(notes) == 0:
        return float("nan")
    end = int((notes["onset_ms"] + notes["duration_ms"]).max()) // step_ms
    bars = end // steps + 1
    if bars < 2:
        return float("nan")
    onsets = np.zeros(bars * steps, bool)
    onsets[notes["onset_ms"] // step_ms] = True
    grid = onsets.reshape(bars, steps)
    return 1 - float((grid[:-1] != grid[1:]).mean())


def repeated(ids: NDArray[np.integer], length: int) -> float:
    """Return the share of runs of `length` ids that occurred before in the sequence; 0 if there are no runs."""
    runs = np.lib.stride_tricks.sliding_window_view(ids, length) if len(ids) >= length else np.empty((0, length))
    return 1 - len(np.unique(runs, axis=0)) / len(runs) if len(runs) else 0.0


NUMBERS: dict[str, Callable[[Notes, float], float]] = {
    "notes_per_second": notes_per_second,
    "polyphony": lambda notes, _: polyphony(notes),
    "scale_consistency": lambda notes, _: scale_consistency(notes),
    "groove_consistency": lambda notes, _: groove_consistency(notes),
    "repeated_4_pitches": lambda notes, _: repeated(notes["pitch"], 4),
    "repeated_8_pitches": lambda notes, _: repeated(notes["pitch"], 8),
}
"""The single numbers of a clip, from its notes and its length in seconds."""


def _parts(values: NDArray[np.integer], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    bins = np.searchsorted(edges, values, side="right") - 1
    counts = np.bincount(bins, minlength=len(edges) - 1).astype(float)
    parts: NDArray[np.float64] = counts / max(1.0, counts.sum())
    return parts
