"""Measure whether music has the requested style.

Gradient-boosted trees learn the styles from clips of real pieces. Their prediction for a generated clip is compared
with the requested style.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.evaluation.clips import Music
from training.evaluation.features import matrix
from training.evaluation.realness import classifier

Labelled = Mapping[str, Sequence[Music]]
"""Clips by style."""


def agreement(train: Labelled, tried: Mapping[str, Labelled]) -> dict[str, Any]:
    """Measure how often trees trained on `train` predict the style of a clip, or its requested style.

    Returns
    -------
    dict
        ``chance`` is one over the number of styles. For each set in `tried`: ``agreement``, the mean over the styles,
        and ``named``, the confusion matrix: by true style, the share of clips for which each style was predicted.
    """
    styles = sorted(train)
    values, _ = matrix([clip for style in styles for clip in train[style]])
    labels = np.repeat(styles, [len(train[style]) for style in styles])
    trees = classifier().set_params(class_weight="balanced").fit(values, labels)

    def judge(clips: Labelled) -> dict[str, Any]:
        called = {style: trees.predict(matrix(list(clips[style]))[0]) for style in styles if clips.get(style)}
        named = {
            style: {other: round(float((names == other).mean()), 3) for other in styles}
            for style, names in called.items()
        }
        agreed = [row[style] for style, row in named.items()]
        return {"agreement": round(float(np.mean(agreed)), 3) if agreed else None, "named": named}

    return {
        "styles": styles,
        "chance": round(1 / len(styles), 3),
        **{name: judge(clips) for name, clips in tried.items()},
    }
