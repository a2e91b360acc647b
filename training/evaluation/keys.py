"""Which key a stretch of music is in."""

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes

# How well each step of the scale fits the key, from the tonic up: Krumhansl and Kessler, "Tracing the dynamic
# changes in perceived tonal organization in a spatial representation of musical keys", Psychological Review 1982.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_PROFILES = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])


def pitch_class_profile(notes: Notes, longest_ms: int = 2000) -> NDArray[np.float64]:
    """How long each pitch class sounds, in ms; a note counts for at most `longest_ms`."""
    heard = np.minimum(notes["duration_ms"], longest_ms).astype(np.float64)
    return np.bincount(notes["pitch"] % 12, heard, minlength=12).astype(np.float64)


def correlations(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of a profile with each key: 12 major ones from C, then 12 minor ones; 0 for an even profile."""
    centered = profile - profile.mean()
    keys = _PROFILES - _PROFILES.mean(axis=1, keepdims=True)
    scale = np.linalg.norm(centered) * np.linalg.norm(keys, axis=1)
    fit: NDArray[np.float64] = np.divide(keys @ centered, scale, out=np.zeros(24), where=scale > 0)
    return fit


def tonic(notes: Notes) -> int:
    """Pitch class of the tonic of the key that fits best."""
    return int(np.argmax(correlations(pitch_class_profile(notes)))) % 12
