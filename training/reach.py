"""Tells what far notes are worth to a run: nats on validation pieces, the windows of its layers cut to fewer notes.

The weights stay as they were learned with whole windows, so this says what the model takes from far away, not how well
one would do that never heard it. What there is to take is told first: how many notes follow six pitches that were
heard before in this order, and how often the same pitch follows again.
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
"""Pitches that are looked for."""


@dataclass(frozen=True)
class ReachConfig:
    """What to score."""

    run: Path = field(metadata={"help": "folder of a run of the far-transformer"})
    data: Path = field(metadata={"help": "folder written by training.prepare"})
    windows: str = field(default="1024,512,256,128", metadata={"help": "notes that no layer hears more of"})
    notes_per_source: int = field(default=6000, metadata={"help": "of the validation pieces"})


def returns(pitches: Sequence[int], near: int = 128, far: int = 1024) -> dict[str, tuple[int, int]]:
    """Count notes whose last six pitches were heard before, by the last time: what follows ends so many notes ago.

    Returns
    -------
    dict
        For ``near``, and ``far`` for what is not near: how many notes, and how many of them have the pitch of then.
    """
    last: dict[tuple[int, ...], int] = {}
    counts = {"near": [0, 0], "far": [0, 0]}
    for place in range(SIX, len(pitches)):
        six = tuple(pitches[place - SIX : place])
        then = last.get(six)
        if then is not None and place - then < far:
            count = counts["near" if place - then < near else "far"]
            count[0] += 1
            count[1] += pitches[then] == pitches[place]
        last[six] = place
    return {name: (notes, same) for name, (notes, same) in counts.items()}


def _returns(config: "ReachConfig") -> dict[str, dict[str, float]]:
    corpus = Corpus(config.data, "val")
    told = {}
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
        told[source] = {name: round(float(rate), 3) for name, rate in zip(names, rates, strict=True)}
    return told


def cut_windows(backbone: FarTransformer, most: int) -> None:
    """Let no layer hear more than `most` notes."""
    for layer in backbone.layers:
        window = cast(FarLayer, layer).window
        cast(FarLayer, layer).window = min(window, most)


def main(argv: Sequence[str] | None = None) -> None:
    """Print a JSON object of returns, and for each window one of nats: in total, by field, position and source."""
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
