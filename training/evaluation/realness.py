"""Measure whether a classifier can distinguish real clips from generated ones.

The classifier is gradient-boosted trees on `features`, cross-validated by work. An answer is on the same side as the
piece whose opening it answers, so that knowing the work does not help. An accuracy of 50 % would be perfect.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from longplay.midi import Notes
from training.evaluation.clips import Music
from training.evaluation.features import matrix

FOLDS = 5
FEWEST_WORKS = 2 * FOLDS
GIVEAWAYS = 10


def classifier() -> HistGradientBoostingClassifier:
    """Return gradient-boosted trees that are the same in every run."""
    return HistGradientBoostingClassifier(
        learning_rate=0.1, max_iter=100, max_leaf_nodes=15, min_samples_leaf=10, l2_regularization=1.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip


def distinguish(first: Sequence[Music], second: Sequence[Music]) -> dict[str, Any]:
    """Measure how well trees distinguish the clips of two sets, each by trees that saw no clip of its work.

    Returns
    -------
    dict
        ``accuracy``, its ``standard_error`` (over works), ``auc``, ``by_source`` (accuracy), and ``giveaways``: the
        features that alone distinguish best, with their AUC and the medians of both sets.

    Raises
    ------
    ValueError
        There are fewer than `FEWEST_WORKS` works.
    """
    clips = [*first, *second]
    works = np.array([clip.work for clip in clips])
    if len(set(works)) < FEWEST_WORKS:
        raise ValueError(f"clips must come from at least {FEWEST_WORKS} works, not {len(set(works))}")
    values, names = matrix(clips)
    truth = np.repeat([0, 1], [len(first), len(second)])
    chances = np.zeros(len(clips))
    for seen, unseen in GroupKFold(FOLDS, shuffle=True, random_state=0).split(values, truth, works):
        trees = classifier().fit(values[seen], truth[seen])
        chances[unseen] = trees.predict_proba(values[unseen])[:, 1]
    right = (chances > 0.5) == truth
    sources = np.array([clip.source for clip in clips])
    return {
        "clips": [len(first), len(second)],
        "works": len(set(works)),
        "features": len(names),
        "accuracy": round(float(right.mean()), 4),
        "standard_error": round(_standard_error(right, works), 4),
        "auc": round(float(roc_auc_score(truth, chances)), 4),
        "by_source": {str(source): round(float(right[sources == source].mean()), 4) for source in np.unique(sources)},
        "giveaways": _giveaways(values, truth, names),
    }


def halves(clips: Sequence[Music]) -> tuple[list[Music], list[Music]]:
    """Split a set into halves that should be indistinguishable, by work and evenly within each source."""
    works = sorted({(clip.source, clip.work) for clip in clips})
    side = {work: i % 2 for i, (_, work) in enumerate(works)}
    return [clip for clip in clips if side[clip.work] == 0], [clip for clip in clips if side[clip.work] == 1]


def changed(clips: Sequence[Music], change: Callable[[Notes], Notes]) -> list[Music]:
    """Return the clips with changed notes."""
    return [Music(change(clip.notes), clip.length_ms, clip.work, clip.source) for clip in clips]


def _standard_error(right: NDArray[np.bool_], works: NDArray[np.str_]) -> float:
    """Return the standard error of the accuracy if works, not clips, are independent samples."""
    _, work = np.unique(works, return_inverse=True)
    off = np.bincount(work, right - right.mean())
    return float(np.sqrt((off**2).sum()) / len(right))


def _giveaways(values: NDArray[np.float64], truth: NDArray[np.int_], names: Sequence[str]) -> list[dict[str, Any]]:
    filled = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    areas = np.array([roc_auc_score(truth, column) for column in filled.T])
    strongest = np.argsort(-np.abs(areas - 0.5), kind="stable")[:GIVEAWAYS]
    medians = [np.median(filled[truth == side], axis=0) for side in (0, 1)]
    return [
        {"feature": names[i], "auc": round(float(areas[i]), 3), "medians": [round(float(m[i]), 4) for m in medians]}
        for i in strongest
    ]
