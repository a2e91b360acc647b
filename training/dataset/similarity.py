"""Find pieces that are copies, transpositions, editions or performances of one another.

A piece is a set of short melodies: runs of `STEPS` intervals of its top voice. Intervals depend neither on key nor on
tempo. Repeated notes and small cuts change few of them, and chords may be arpeggiated. A `sketch` keeps the smallest
hashes of the set, and two sketches give an estimate of the share that both sets have (bottom-k sketches [1]_).

On the 5,372 pieces of DATA.md, whose manifest states which pieces are of one work, 574 pairs are found. 381 of them are
of one work. Most of the others are a score and its performance that the manifest does not link, and some are exercises
on the same scales. The manifest has 1,759 pairs: free performances are often not recognised.

References
----------
.. [1] E. Cohen and H. Kaplan, "Summarizing Data using Bottom-k Sketches", PODC 2007.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Sketch: TypeAlias = NDArray[np.uint64]
"""The smallest hashes of a piece, ascending, at most `SKETCH`."""
NO_SKETCH: Sketch = np.empty(0, np.uint64)

CHORD_MS = 50  # onsets at most this far apart belong to one chord
STEPS = 8  # intervals in a short melody
DISTINCT = 4  # intervals that must differ: scales and trills are in every piece
SKETCH = 256
SIMILAR = 0.05  # share of the short melodies that two similar pieces both have
NEIGHBOURS = 32  # of the pieces that share a hash, each is compared with this many

_INTERVALS = 256  # an interval is -127 to 127
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = _FACTOR ** np.arange(1, STEPS + 1, dtype=np.uint64)  # odd, modulo 2^64


def sketch(notes: NDArray[Any]) -> Sketch:
    """Sketch notes ordered by onset, with the fields ``onset_ms`` and ``pitch``; fewer than two give no hashes."""
    chords = np.flatnonzero(np.diff(notes["onset_ms"], prepend=-CHORD_MS - 1) > CHORD_MS)
    top = np.maximum.reduceat(notes["pitch"].astype(np.int64), chords)
    intervals = np.diff(top)
    intervals = intervals[intervals != 0]
    if len(intervals) < STEPS:
        return _mixed(_hashes(intervals, len(intervals)))
    hashes = _hashes(intervals, STEPS)
    melodies = np.sort(np.lib.stride_tricks.sliding_window_view(intervals, STEPS), axis=1)
    varied = np.count_nonzero(np.diff(melodies, axis=1), axis=1) >= DISTINCT - 1
    return _mixed(hashes[varied] if varied.any() else hashes)


def _hashes(intervals: NDArray[np.int64], steps: int) -> NDArray[np.uint64]:
    """Return one hash for each run of `steps` intervals."""
    symbols = (intervals + _INTERVALS).astype(np.uint64)
    hashes = np.zeros(len(symbols) - steps + 1 if steps else 0, np.uint64)
    for step in range(steps):
        hashes += symbols[step : step + len(hashes)] * _FACTORS[step]
    return hashes


def _mixed(hashes: NDArray[np.uint64]) -> Sketch:
    """Return the smallest hashes, after the final mixing of SplitMix64."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.unique(hashes ^ (hashes >> np.uint64(31)))[:SKETCH]


def similarity(first: Sketch, second: Sketch) -> float:
    """Estimate the share of the short melodies of two pieces that both have."""
    union = np.union1d(first, second)[:SKETCH]
    both = np.isin(union, first, assume_unique=True) & np.isin(union, second, assume_unique=True)
    return float(both.mean()) if len(union) else 0.0


def similar_pairs(sketches: Sequence[Sketch]) -> list[tuple[int, int]]:
    """Return the pairs of pieces, lower index first, whose similarity is `SIMILAR` or more."""
    count = len(sketches)
    sizes = np.array([len(hashes) for hashes in sketches], np.int64)
    if sizes.sum() == 0:
        return []
    hashes = np.concatenate(sketches)
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], np.repeat(np.arange(count), sizes)[order]
    found = []
    for lag in range(1, NEIGHBOURS + 1):
        same = np.flatnonzero(hashes[lag:] == hashes[:-lag])
        found.append(owners[same] * count + owners[same + lag])
    pairs, shared = np.unique(np.concatenate(found), return_counts=True)
    first, second = pairs // count, pairs % count
    likely = shared >= SIMILAR * np.maximum(sizes[first], sizes[second])  # pairs below this bound cannot be similar
    return [
        (i, j)
        for i, j in zip(first[likely].tolist(), second[likely].tolist(), strict=True)
        if similarity(sketches[i], sketches[j]) >= SIMILAR
    ]
