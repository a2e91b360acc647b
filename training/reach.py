"""Tells what far notes are worth to a run: nats on validation pieces, the windows of its layers cut to fewer notes.

The weights stay as they were learned with whole windows, so this says what the model takes from far away, not how well
one would do that never heard it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch

from training.backbones.far_transformer import FarLayer, FarTransformer
from training.corpus import Corpus
from training.export import load_model
from training.options import parse_config
from training.scoring import score_corpus, torch_scorer


@dataclass(frozen=True)
class ReachConfig:
    """What to score."""

    run: Path = field(metadata={"help": "folder of a run of the far-transformer"})
    data: Path = field(metadata={"help": "folder written by training.prepare"})
    windows: str = field(default="1024,512,256,128", metadata={"help": "notes that no layer hears more of"})
    notes_per_source: int = field(default=6000, metadata={"help": "of the validation pieces"})


def cut_windows(backbone: FarTransformer, most: int) -> None:
    """Let no layer hear more than `most` notes."""
    for layer in backbone.layers:
        window = cast(FarLayer, layer).window
        cast(FarLayer, layer).window = min(window, most)


def main(argv: Sequence[str] | None = None) -> None:
    """Print one JSON object for each window: nats in total, by field, by position in the piece, and by source."""
    config = parse_config(ReachConfig, argv, __doc__ or "")
    torch.set_num_threads(1)
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
