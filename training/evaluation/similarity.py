"""Measure how similar two passages of a piece are, by the time between them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes
from training.evaluation import keys
from training.evaluation.clips import Music, excerpt

FRAME_MS = 5_000
LAGS_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300)


def frames(notes: Notes, length_ms: int) -> NDArray[np.float64]:
    """Return pitch-class profiles of consecutive 5 s, with mean 0 and length 1 (0 in silence), shape (frames, 12)."""
    starts = range(0, length_ms - FRAME_MS + 1, FRAME_MS)
    profiles = [keys.pitch_class_profile(excerpt(notes, start, start + FRAME_MS)) for start in starts]
    centered = np.array(profiles).reshape(-1, 12)
    centered -= centered.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centered, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(centered, norms, out=np.zeros_like(centered), where=norms > 0)
    return unit


def similarity_by_lag(pieces: Sequence[Music]) -> dict[str, float | None]:
    """Return the mean correlation of the pitch classes of two passages of 5 s, by the seconds between them.

    Every pair of every piece has the same weight. A value is None if no piece is long enough.
    """
    sums = np.zeros((len(LAGS_S), 2))
    for piece in pieces:
        profile = frames(piece.notes, piece.length_ms)
        for i, lag in enumerate(LAGS_S):
            step = 1000 * lag // FRAME_MS
            products = (profile[step:] * profile[:-step]).sum(axis=1)
            sums[i] += products.sum(), len(products)
    return {str(lag): round(s / n, 4) if n else None for lag, (s, n) in zip(LAGS_S, sums, strict=True)}
