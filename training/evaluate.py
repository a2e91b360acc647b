"""Tells the nats per note of a run's last checkpoint, or of exported folders, on held-out pieces as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from training.corpus import Corpus
from training.export import load_model
from training.folder import ModelFolder
from training.options import parse_config
from training.scoring import score_corpus, torch_scorer


@dataclass(frozen=True)
class EvaluateConfig:
    """What to score, and on which pieces."""

    model: Path = field(metadata={"help": "folder of a run, or of an exported model"})
    data: Path = field(metadata={"help": "folder written by training.prepare"})
    split: str = field(default="test", metadata={"help": "test or val"})
    controls: str = field(default="", metadata={"help": "controls the model is told: remaining,style"})
    notes_per_source: int = field(default=0, metadata={"help": "notes to take of each source; 0 for all"})
    threads: int = field(default=1, metadata={"help": "threads of torch"})


def main(argv: Sequence[str] | None = None) -> None:
    """Score one model and print the report."""
    config = parse_config(EvaluateConfig, argv, __doc__ or "")
    torch.set_num_threads(config.threads)
    exported = (config.model / "step.onnx").exists()
    scorer = ModelFolder(config.model).score if exported else torch_scorer(load_model(config.model))
    report = score_corpus(
        Corpus(config.data, config.split),
        scorer,
        controls=[name for name in config.controls.split(",") if name],
        notes_per_source=config.notes_per_source or None,
    )
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
