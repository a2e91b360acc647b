"""Measure whether an answer is more similar to its own seed than to other seeds.

Every answer is compared with every seed by four measures, which rank its own seed among all seeds. A rank of 0.5 is
chance; 1 means that the own seed is always the nearest.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from longplay.midi import Notes
from training.evaluation import keys, measures
from training.evaluation.clips import Music


def _key(music: Music) -> NDArray[np.float64]:
    return keys.correlations(keys.pitch_class_profile(music.notes))


def _tempo(music: Music) -> NDArray[np.float64]:
    """Return the autocorrelation of the onsets, in steps of 50 ms, at lags of 0.1 to 2 s."""
    onsets = np.bincount(music.notes["onset_ms"] // 50, minlength=80).clip(max=1).astype(float)
    onsets -= onsets.mean()
    products = np.array([onsets[lag:] @ onsets[:-lag] for lag in range(2, 41)])
    return products / max(1e-9, float(onsets @ onsets))


def _density(music: Music) -> NDArray[np.float64]:
    return np.log([measures.notes_per_second(music.notes, music.length_ms / 1000)])


def _texture(music: Music) -> NDArray[np.float64]:
    notes: Notes = music.notes
    pitch, velocity = notes["pitch"].astype(float), notes["velocity"].astype(float)
    together = (np.diff(notes["onset_ms"]) <= 30).mean()
    polyphony = np.log(measures.polyphony(notes))
    return np.array([polyphony, together, pitch.mean(), pitch.std(), velocity.mean(), velocity.std()])


ASPECTS: dict[str, Callable[[Music], NDArray[np.float64]]] = {
    "key": _key,
    "tempo": _tempo,
    "density": _density,
    "texture": _texture,
}


def response(seeds: Sequence[Music], answers: Sequence[Music]) -> dict[str, Any]:
    """Measure how near each answer is to its own seed; answer i belongs to seed i.

    Returns
    -------
    dict
        For each of `ASPECTS`, and for ``all`` (their mean rank): ``auc``, the share of the other seeds that are farther
        away; ``auc_within_source``, the same among seeds of the source; and ``first``, the share of the answers whose
        own seed is the nearest. ``chance_first`` is one over the number of seeds.
    """
    sources = np.array([seed.source for seed in seeds])
    same = sources[:, None] == sources
    report: dict[str, Any] = {"seeds": len(seeds), "chance_first": round(1 / len(seeds), 4)}
    ranks = []
    for name, aspect in ASPECTS.items():
        first, second = (np.array([aspect(music) for music in set_]) for set_ in (answers, seeds))
        scale = second.std(axis=0)
        apart = cdist(first / np.where(scale > 0, scale, 1), second / np.where(scale > 0, scale, 1))
        report[name] = _rank(apart, same)
        ranks.append(apart.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable"))
    report["all"] = _rank(np.mean(ranks, axis=0), same)
    return report


def _rank(apart: NDArray[np.float64], same: NDArray[np.bool_]) -> dict[str, float | None]:
    """Return the mean rank of the diagonal in each row of distances, shape (answers, seeds)."""
    own = np.diag(apart)[:, None]
    beaten = (apart > own) + 0.5 * (apart == own)
    other = ~np.eye(len(apart), dtype=bool)
    within = beaten[other & same]
    return {
        "auc": round(float(beaten[other].mean()), 4),
        "auc_within_source": round(float(within.mean()), 4) if len(within) else None,
        "first": round(float(((apart < own).sum(axis=1) == 0).mean()), 4),
    }
