"""Measure what a run gains from far notes: score validation pieces with shorter windows of its layers.

The weights remain those learned with whole windows. The scores therefore show what the model takes from far notes, not
how well a model trained without them would do. The first line reports what far notes could give: how many notes follow
six pitches that occurred before in the same order, and how often the same pitch follows again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import torch

from training.backbones.far_transformer import FarLayer, FarTransformer
from training.corpus import Corpus
from training.export import load_model
from training.model import PITCH
from training.options import parse_config
from training.scoring import score_corpus, torch_scorer

SIX = 6
"""The number of pitches that must recur."""


@dataclass(frozen=True)
class ReachConfig:
    """The options of a measurement."""

    run: Path = field(metadata={"help": "folder of a run of the far-transformer"})
    data: Path = field(metadata={"help": "folder written by training.prepare"})
    windows: str = field(default="1024,512,256,128", metadata={"help": "longest windows of the layers, in notes"})
    notes_per_source: int = field(default=6000, metadata={"help": "notes of each source that are scored"})


def returns(pitches: Sequence[int], near: int = 128, far: int = 1024) -> dict[str, tuple[int, int]]:
    """Count the notes that follow six pitches which occurred before, and those of them with the same pitch as then.

    Returns
    -------
    dict
        Both counts: in ``near`` if the six pitches last occurred less than `near` notes ago; in ``far`` if that was
        longer ago, but less than `far` notes.
    """
    last: dict[tuple[int, ...], int] = {}
    counts = {"near": [0, 0], "far": [0, 0]}
    for index in range(SIX, len(pitches)):
        six = tuple(pitches[index - SIX : index])
        then = last.get(six)
        if then is not None and index - then < far:
            count = counts["near" if index - then < near else "far"]
            count[0] += 1
            count[1] += pitches[then] == pitches[index]
        last[six] = index
    return {name: (notes, same) for name, (notes, same) in counts.items()}


def _returns(config: ReachConfig) -> dict[str, dict[str, float]]:
    corpus = Corpus(config.data, "val")
    counted = {}
    for source, indices in corpus.by_source.items():
        notes, sums = 0, np.zeros((2, 2))
        for index in indices:
            if notes >= config.notes_per_source:
                break
            pitches = corpus.read(index).targets[:-1, PITCH].tolist()
            notes += len(pitches)
            sums += list(returns(pitches).values())
        (near, near_same), (far, far_same) = sums
        rates = (near / notes, near_same / max(1, near), far / notes, far_same / max(1, far))
        names = ("near", "near_same", "far", "far_same")
        counted[source] = {name: round(float(rate), 3) for name, rate in zip(names, rates, strict=True)}
    return counted


def cut_windows(backbone: FarTransformer, most: int) -> None:
    """Limit the window of every layer to `most` notes; a layer whose window this cuts keeps no first notes."""
    for layer in (cast(FarLayer, layer) for layer in backbone.layers):
        if layer.window > most:
            layer.window, layer.kept = most, 0


def main(argv: Sequence[str] | None = None) -> None:
    """Print a JSON object of returns, and one of nats for each window: in total, by field, position and source."""
    config = parse_config(ReachConfig, argv, __doc__ or "")
    torch.set_num_threads(1)
    print(json.dumps({"returns": _returns(config)}), flush=True)
    for most in map(int, config.windows.split(",")):
        model = load_model(config.run)
        cut_windows(cast(FarTransformer, model.backbone), most)
        corpus = Corpus(config.data, "val", model.vocabulary)
        report = score_corpus(corpus, torch_scorer(model), notes_per_source=config.notes_per_source)
        total = {name: report["total"][name] for name in ("nats_per_note", *model.vocabulary.fields)}
        parts = {
            kind: {name: part["nats_per_note"] for name, part in report[kind].items()}
            for kind in ("positions", "sources")
        }
        print(json.dumps({"window": most, **total, **parts}), flush=True)


if __name__ == "__main__":
    main()
