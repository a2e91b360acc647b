"""How well a stretch of music fits each key, by how long its pitch classes sound."""

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes
from training.dataset.keys import PROFILES


def pitch_class_profile(notes: Notes, longest_ms: int = 2000) -> NDArray[np.float64]:
    """How long each pitch class sounds, in ms; a note counts for at most `longest_ms`."""
    heard = np.minimum(notes["duration_ms"], longest_ms).astype(np.float64)
    return np.bincount(notes["pitch"] % 12, heard, minlength=12).astype(np.float64)


def correlations(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation with each key of `training.dataset.keys`: 12 major, 12 minor; 0 for an even profile."""
    centered = profile - profile.mean()
    fit: NDArray[np.float64] = PROFILES @ centered / (np.linalg.norm(centered) or 1.0)
    return fit


def tonic(notes: Notes) -> int:
    """Pitch class of the tonic of the key that fits best."""
    return int(np.argmax(correlations(pitch_class_profile(notes)))) % 12
