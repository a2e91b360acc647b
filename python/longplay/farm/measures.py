"""What a candidate is ranked by, in numbers that depend on it and its seed alone."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes
from longplay.pictures.clip_features import CLIP_SECONDS, bands, clip_features, stretch_features
from longplay.piece import Piece

RUN_NOTES = 16  # as the loop guard's shortest run

COLUMNS = MappingProxyType(
    {
        "log_probability": (
            "mean log-probability of its events (notes, and ends of pieces) in nats, as the model gave it, before "
            "temperature and filters; higher is better"
        ),
        "in_bands": (
            "part of the statistics of its clips of 30 s (notes per second, mean pitch, distinct pitches, pitch-class "
            "entropy, mean velocity, velocity spread) that lie between the 5th and the 95th percentile of the clips "
            "of piano-lstm's training set; real music has 0.9, higher is better"
        ),
        "repetition": (
            f"part of its runs of {RUN_NOTES} pitches that came before in the same candidate; lower is better"
        ),
        "response": (
            "how near its clips are to the seed: half the overlap of their pitch classes, half the nearness of the six "
            "statistics, where a band's width apart is 0; from 0 to 1, higher is better"
        ),
    }
)
"""What the measures mean, in a line each."""


@dataclass(frozen=True)
class Measures:
    """What a candidate is ranked by, as `COLUMNS` says, and what else is told of it.

    Attributes
    ----------
    notes : int
    log_probability, in_bands, repetition : float
    response : float or None
        None for a seed without notes.
    refusals : int
        As `Piece.refusals`.
    """

    notes: int
    log_probability: float
    in_bands: float
    repetition: float
    response: float | None
    refusals: int = 0


def measure(piece: Piece, seed: Notes) -> Measures:
    """Measure a candidate against the notes of its seed."""
    features = _features(piece.notes, piece.duration)
    low, _, high = _bands()
    return Measures(
        notes=len(piece.notes),
        log_probability=float(piece.log_probabilities.sum(axis=1, dtype=np.float64).mean()),
        in_bands=float(((features >= low) & (features <= high)).mean()),  # NaN, of a clip without notes, is neither
        repetition=repetition(piece.notes),
        response=_response(piece, features, seed) if len(seed) else None,
        refusals=piece.refusals,
    )


def repetition(notes: Notes) -> float:
    """Part of the runs of `RUN_NOTES` pitches that came before; 0 with less notes than that."""
    pitches = notes["pitch"].tobytes()
    count = len(pitches) - RUN_NOTES + 1
    if count < 1:
        return 0.0
    return 1 - len({pitches[start : start + RUN_NOTES] for start in range(count)}) / count


def _response(piece: Piece, features: NDArray[np.float64], seed: Notes) -> float:
    low, _, high = _bands()
    nearness = np.clip(1 - np.abs(features - _typical(seed)) / (high - low), 0, 1)
    nearness[features[:, 0] == 0] = 0  # a clip without notes
    classes = _clip_classes(piece.notes, len(features))
    overlap = np.minimum(classes, np.bincount(seed["pitch"] % 12, minlength=12) / len(seed)).sum(axis=1)
    return float((nearness.mean() + overlap.mean()) / 2)


def _typical(seed: Notes) -> NDArray[np.float64]:
    """The seed's features, the mean of those of its clips that are not empty."""
    notes = seed.copy()
    notes["onset_ms"] -= notes["onset_ms"].min()
    clips = _features(notes, float((notes["onset_ms"] + notes["duration_ms"]).max()) / 1000)
    mean: NDArray[np.float64] = clips[clips[:, 0] > 0].mean(axis=0)
    return mean


def _features(notes: Notes, seconds: float) -> NDArray[np.float64]:
    """Features of each clip; of the whole where it is too short for one."""
    clips = clip_features(notes, seconds)
    return clips if len(clips) else np.array([stretch_features(notes, seconds)])


def _clip_classes(notes: Notes, clips: int) -> NDArray[np.float64]:
    """Parts of the 12 pitch classes among the notes of each clip, shape (clips, 12); 0 in a clip without notes."""
    clip = np.minimum(notes["onset_ms"] // (1000 * CLIP_SECONDS), clips)  # what comes after the last one is left out
    counts = np.bincount(12 * clip + notes["pitch"] % 12, minlength=12 * (clips + 1)).reshape(-1, 12)[:clips]
    parts: NDArray[np.float64] = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    return parts


def _bands() -> NDArray[np.float64]:
    """Low, middle and high of each feature, shape (3, features)."""
    return np.array(list(bands().values())).T
