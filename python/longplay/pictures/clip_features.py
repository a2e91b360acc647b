"""Six features of each 30 s of music, and the bands of real music."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from longplay.form import CLIP_SECONDS
from longplay.midi import Notes

FEATURES = (
    "notes per second",
    "mean pitch",
    "distinct pitches",
    "pitch-class entropy",
    "mean velocity",
    "velocity spread",
)
_BANDS = Path(__file__).with_name("clip_bands.json")


def clip_features(notes: Notes, seconds: float) -> NDArray[np.float64]:
    """Compute the features of each clip of 30 s from the notes that start in it.

    Parameters
    ----------
    notes : structured array, shape (notes,)
    seconds : float
        Length of the music. A rest at its end of at least half a clip is a clip.

    Returns
    -------
    float64 array, shape (clips, 6)
        Columns in the order of `FEATURES`. Pitches are MIDI numbers, entropy is in bits, spread is a standard
        deviation. A clip without notes has 0 notes per second, 0 distinct pitches, and NaN otherwise.
    """
    measured = []
    for clip in range(round(seconds / CLIP_SECONDS)):
        start = clip * CLIP_SECONDS
        inside = notes[(notes["onset_ms"] >= start * 1000) & (notes["onset_ms"] < (start + CLIP_SECONDS) * 1000)]
        measured.append(stretch_features(inside, min(CLIP_SECONDS, seconds - start)))
    return np.array(measured, dtype=np.float64).reshape(-1, len(FEATURES))


def stretch_features(notes: Notes, seconds: float) -> list[float]:
    """Compute the features of notes that start within `seconds`, in the order of `FEATURES`."""
    if len(notes) == 0:
        return [0, np.nan, 0, np.nan, np.nan, np.nan]
    classes = np.bincount(notes["pitch"] % 12) / len(notes)
    classes = classes[classes > 0]
    return [
        len(notes) / seconds,
        float(notes["pitch"].mean()),
        len(np.unique(notes["pitch"])),
        float(-(classes * np.log2(classes)).sum()),
        float(notes["velocity"].mean()),
        float(notes["velocity"].std()),
    ]


def bands() -> dict[str, tuple[float, float, float]]:
    """Return the 5th, 50th and 95th percentile of each feature over the clips of the training set.

    The training set is that of the built-in model; ``python -m benchmarks.clip_bands`` measured the percentiles.
    """
    measured: dict[str, list[float]] = json.loads(_BANDS.read_text(encoding="utf-8"))["bands"]
    return {name: (low, middle, high) for name, (low, middle, high) in measured.items()}
