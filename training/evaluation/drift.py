"""Measure whether a long piece keeps its character: trends over windows of five minutes, loops, and dead minutes.

Real pieces do not last an hour. The random part of a trend is therefore measured on recitals: held-out pieces of a
source one after the other, in random order, which have no trend.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes
from training.evaluation.clips import Music
from training.evaluation.measures import repeated
from training.evaluation.windows import FEATURES, WINDOW_MS, features, longest_silence_ms, loops, windows

RECITALS = 100
PAUSE_MS = 1_500
BAND = (5, 95)  # percentiles
MINUTE_MS = 60_000


def rows(notes: Notes, length_ms: int) -> NDArray[np.float64]:
    """Return the `FEATURES` of consecutive windows, shape (windows, features)."""
    return np.array([features(*window) for window in windows(notes, length_ms)]).reshape(-1, len(FEATURES))


def slopes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least-squares change of each feature from one window to the next, shape (features,)."""
    time = np.arange(len(values)) - (len(values) - 1) / 2
    slope: NDArray[np.float64] = time @ values / (time @ time)
    return slope


def recital(pieces: Sequence[Music], length_ms: int, random: np.random.Generator) -> Notes:
    """Return the notes of pieces in random order, repeated until the length is reached."""
    parts: list[Notes] = []
    start = 0
    while start < length_ms:
        for i in random.permutation(len(pieces)):
            notes = pieces[i].notes.copy()
            notes["onset_ms"] += start
            parts.append(notes)
            start += pieces[i].length_ms + PAUSE_MS
    whole = np.concatenate(parts)
    return whole[whole["onset_ms"] < length_ms]


def drift(made: Sequence[Music], real: Sequence[Music], random: np.random.Generator) -> dict[str, Any]:
    """Compare slopes of generated music with the band of real recitals of its source, by feature.

    Returns
    -------
    dict
        For each of `FEATURES`, per five minutes: ``slope``, the mean over generated pieces; ``band``, that of the
        slopes of real recitals; and ``outside``, the share of the generated pieces outside the band of their source.
        Also ``windows``, the number of windows of a piece; if it is below two, there is nothing else.
    """
    lengths = {piece.length_ms for piece in made}
    count = min(lengths, default=0) // WINDOW_MS
    if count < 2:
        return {"windows": count}
    bands = {}
    for source in sorted({piece.source for piece in made}):
        own = [piece for piece in real if piece.source == source]
        trends = [slopes(rows(recital(own, count * WINDOW_MS, random), count * WINDOW_MS)) for _ in range(RECITALS)]
        bands[source] = np.percentile(trends, BAND, axis=0)
    trend = np.array([slopes(rows(piece.notes, count * WINDOW_MS)) for piece in made])
    band = np.array([bands[piece.source] for piece in made])  # (made, low and high, features)
    outside = (trend < band[:, 0]) | (trend > band[:, 1])
    return {
        "windows": count,
        **{
            name: {
                "slope": round(float(trend[:, i].mean()), 4),
                "band": band[:, :, i].mean(axis=0).round(4).tolist(),
                "outside": round(float(outside[:, i].mean()), 3),
            }
            for i, name in enumerate(FEATURES)
        },
    }


def faults(pieces: Sequence[Music]) -> dict[str, float]:
    """Count faults over all pieces.

    ``loops_per_hour`` counts notes that complete a loop. ``dead_minutes`` are whole minutes in which no note starts.
    ``repeated_16_pitches`` is the share of runs of 16 pitches that occurred before within five minutes. The last figure
    is ``longest_silence_s``.
    """
    hours = sum(piece.length_ms for piece in pieces) / 3_600_000
    looping = sum(loops(piece.notes["pitch"].astype(int)) for piece in pieces)
    dead = 0
    for piece in pieces:
        count = piece.length_ms // MINUTE_MS
        dead += int((np.bincount(piece.notes["onset_ms"] // MINUTE_MS, minlength=count)[:count] == 0).sum())
    again = [
        repeated(part["pitch"], 16)
        for piece in pieces
        for part, _ in windows(piece.notes, piece.length_ms, shortest_ms=2 * MINUTE_MS)
    ]
    return {
        "loops_per_hour": round(looping / hours, 3) if hours else 0.0,
        "dead_minutes": dead,
        "longest_silence_s": max((longest_silence_ms(piece.notes) for piece in pieces), default=0) / 1000,
        "repeated_16_pitches": round(float(np.mean(again)), 4) if again else float("nan"),
    }
