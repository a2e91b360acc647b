"""Measures of a candidate, for the ranking: they depend on the candidate and its seed alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from longplay.form import CLIP_SECONDS, SHORTEST_LOOP
from longplay.midi import Notes
from longplay.pictures.clip_features import bands, clip_features, stretch_features
from longplay.pictures.seed_key import PART_SECONDS, SPANS, seed_key
from longplay.piece import Piece

COLUMNS = MappingProxyType(
    {
        "log_probability": (
            "mean log-probability of its events (notes, and ends of pieces) in nats, from the model, before "
            "temperature and filters; higher is better"
        ),
        "in_bands": (
            "share of the statistics of its clips of 30 s (notes per second, mean pitch, distinct pitches, pitch-class "
            "entropy, mean velocity, velocity spread) that lie between the 5th and the 95th percentile of the clips "
            "of piano-lstm's training set; real music has 0.9, higher is better"
        ),
        "repetition": (
            f"share of its runs of {SHORTEST_LOOP} pitches that occurred before in the same candidate; lower is better"
        ),
        "response": (
            "similarity of its clips to the seed, from 0 to 1: half is the overlap of pitch classes, half the nearness "
            "of the six statistics, which is 0 at a distance of a band's width; higher is better"
        ),
    }
)
"""Meaning of each measure that ranks, in one line."""
KEY_COLUMNS = MappingProxyType(
    {
        name: f"correlation of pitch classes with the seed's, {span} after it, as a mean over parts of {PART_SECONDS} s"
        for name, span in zip(("key_20_s", "key_1_min", "key_5_min"), SPANS, strict=True)
    }
)
"""Meaning of each measure of the key, which does not rank."""


@dataclass(frozen=True)
class Measures:
    """Measures of a candidate, which `COLUMNS` and `KEY_COLUMNS` explain, and two counts.

    Attributes
    ----------
    notes : int
        Number of notes.
    log_probability, in_bands, repetition : float
        As `COLUMNS` says.
    response : float or None
        As `COLUMNS` says; None for a seed without notes.
    key_20_s, key_1_min, key_5_min : float or None
        As `KEY_COLUMNS` says; None if the candidate is too short, or if the seed has no notes.
    refusals : int
        As `Piece.refusals`.
    """

    notes: int
    log_probability: float
    in_bands: float
    repetition: float
    response: float | None
    key_20_s: float | None = None
    key_1_min: float | None = None
    key_5_min: float | None = None
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
        **dict(zip(KEY_COLUMNS, _keys(piece, seed), strict=True)),
        refusals=piece.refusals,
    )


def repetition(notes: Notes) -> float:
    """Return the share of the runs of `SHORTEST_LOOP` pitches that occurred before; 0 with fewer notes than a run."""
    pitches = notes["pitch"].tobytes()
    count = len(pitches) - SHORTEST_LOOP + 1
    if count < 1:
        return 0.0
    return 1 - len({pitches[start : start + SHORTEST_LOOP] for start in range(count)}) / count


def _keys(piece: Piece, seed: Notes) -> Iterator[float | None]:
    """Yield the correlation with the seed's key of each span."""
    answer = piece.notes.copy()
    begin = int(np.ptp(seed["onset_ms"])) if piece.provenance.settings.include_seed and len(seed) else 0
    answer["onset_ms"] -= begin
    for span in SPANS.values():
        found = seed_key(seed, answer, piece.duration - begin / 1000, span)
        yield None if np.isnan(found) else found


def _response(piece: Piece, features: NDArray[np.float64], seed: Notes) -> float:
    low, _, high = _bands()
    nearness = np.clip(1 - np.abs(features - _typical(seed)) / (high - low), 0, 1)
    nearness[features[:, 0] == 0] = 0  # a clip without notes
    classes = _clip_classes(piece.notes, len(features))
    overlap = np.minimum(classes, np.bincount(seed["pitch"] % 12, minlength=12) / len(seed)).sum(axis=1)
    return float((nearness.mean() + overlap.mean()) / 2)


def _typical(seed: Notes) -> NDArray[np.float64]:
    """Return the mean features of the seed's clips that have notes."""
    notes = seed.copy()
    notes["onset_ms"] -= notes["onset_ms"].min()
    clips = _features(notes, float((notes["onset_ms"] + notes["duration_ms"]).max()) / 1000)
    mean: NDArray[np.float64] = clips[clips[:, 0] > 0].mean(axis=0)
    return mean


def _features(notes: Notes, seconds: float) -> NDArray[np.float64]:
    """Return the features of each clip; of the whole music if it is shorter than a clip."""
    clips = clip_features(notes, seconds)
    return clips if len(clips) else np.array([stretch_features(notes, seconds)])


def _clip_classes(notes: Notes, clips: int) -> NDArray[np.float64]:
    """Return the shares of the 12 pitch classes in each clip, shape (clips, 12); 0 in a clip without notes."""
    clip = np.minimum(notes["onset_ms"] // (1000 * CLIP_SECONDS), clips)  # notes after the last clip are left out
    counts = np.bincount(12 * clip + notes["pitch"] % 12, minlength=12 * (clips + 1)).reshape(-1, 12)[:clips]
    parts: NDArray[np.float64] = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    return parts


def _bands() -> NDArray[np.float64]:
    """Return low, middle and high of each feature, shape (3, features)."""
    return np.array(list(bands().values())).T
