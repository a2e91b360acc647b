"""Measure distances within sets of clips and between them, after Yang and Lerch [1]_.

For each feature, the Euclidean distances of all pairs within the real set (intra), within the generated set, and across
both (inter) are smoothed to densities by Gaussian kernels. If the generated music is like the real music, the inter-set
density equals the real intra-set one: their overlapped area is 1 and their divergence is 0.

References
----------
.. [1] Yang and Lerch, "On the evaluation of generative models in music", Neural Computing and Applications 32, 2020.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist
from scipy.stats import gaussian_kde

from longplay.midi import Notes
from training.evaluation import measures
from training.evaluation.clips import Music

GRID = 512
LARGEST = 2000  # distances in a density; more make no visible difference
TINY = 1e-12


def pitch_transitions(notes: Notes) -> NDArray[np.float64]:
    """Return how often each pitch class follows each other one, as 144 shares."""
    classes = notes["pitch"].astype(int) % 12
    counts = np.bincount(12 * classes[:-1] + classes[1:], minlength=144)
    parts: NDArray[np.float64] = counts / max(1, counts.sum())
    return parts


FEATURES: dict[str, Callable[[Notes], Any]] = {
    "pitch_count": lambda notes: len(np.unique(notes["pitch"])),
    "pitch_class_histogram": lambda notes: measures.distributions(notes)["pitch_class"],
    "pitch_class_transitions": pitch_transitions,
    "pitch_range": lambda notes: np.ptp(notes["pitch"].astype(int)),
    "pitch_interval": lambda notes: np.abs(np.diff(notes["pitch"].astype(int))).mean(),
    "note_count": len,
    "inter_onset": lambda notes: np.diff(notes["onset_ms"]).mean(),
    "note_length_histogram": lambda notes: measures.distributions(notes)["duration_ms"],
}
"""The features of the paper that need no bars; lengths are in ms."""


def compare(real: Sequence[Music], made: Sequence[Music]) -> dict[str, dict[str, float | None]]:
    """Return overlapped area and Kullback-Leibler divergence (nats) of intra-set and inter-set distances, by feature.

    The result also has the mean distances. A value is None if all distances are equal, so that there is no density.
    """
    report: dict[str, dict[str, float | None]] = {}
    for name, feature in FEATURES.items():
        a, b = (np.array([np.atleast_1d(feature(clip.notes)) for clip in clips], float) for clips in (real, made))
        within, within_made, across = pdist(a), pdist(b), cdist(a, b).ravel()
        area, divergence = overlapped_area(within, across), divergence_nats(within, across)
        means = {"real": within.mean(), "made": within_made.mean(), "across": across.mean()}
        report[name] = {"overlapped_area": _rounded(area), "kl_divergence": _rounded(divergence)}
        report[name] |= {f"distance_{which}": _rounded(float(mean)) for which, mean in means.items()}
    return report


def overlapped_area(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Return the area under the lower of two densities, which is 1 if they are equal."""
    densities = _densities(a, b)
    return None if densities is None else float(np.minimum(*densities).sum())


def divergence_nats(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Return the Kullback-Leibler divergence of the density of b from that of a, which is 0 if they are equal."""
    densities = _densities(a, b)
    if densities is None:
        return None
    p, q = (np.maximum(density, TINY) for density in densities)
    return float((p * np.log(p / q)).sum())


def _densities(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return both densities on one grid beyond all kernels, each with sum 1."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    kernels = [gaussian_kde(_thinned(values)) for values in (a, b)]
    margin = 4 * max(float(np.sqrt(kernel.covariance[0, 0])) for kernel in kernels)
    grid = np.linspace(min(a.min(), b.min()) - margin, max(a.max(), b.max()) + margin, GRID)
    heights = np.array([kernel(grid) for kernel in kernels])
    densities: NDArray[np.float64] = heights / heights.sum(axis=1, keepdims=True)
    return densities


def _thinned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return at most `LARGEST` values, at evenly spaced ranks."""
    if len(values) <= LARGEST:
        return values
    thinned: NDArray[np.float64] = np.sort(values)[np.linspace(0, len(values) - 1, LARGEST).round().astype(int)]
    return thinned


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
