"""Measure how well a passage fits each key, from the durations of its pitch classes."""

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes
from training.dataset.keys import PROFILES


def pitch_class_profile(notes: Notes, longest_ms: int = 2000) -> NDArray[np.float64]:
    """Return the duration of each pitch class in ms; a note counts for at most `longest_ms`."""
    sounding = np.minimum(notes["duration_ms"], longest_ms).astype(np.float64)
    return np.bincount(notes["pitch"] % 12, sounding, minlength=12).astype(np.float64)


def correlations(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlations with the keys of `training.dataset.keys`, 12 major, 12 minor; 0 for an even profile."""
    centered = profile - profile.mean()
    fit: NDArray[np.float64] = PROFILES @ centered / (np.linalg.norm(centered) or 1.0)
    return fit


def tonic(notes: Notes) -> int:
    """Return the pitch class of the tonic of the key that fits best."""
    return int(np.argmax(correlations(pitch_class_profile(notes)))) % 12
