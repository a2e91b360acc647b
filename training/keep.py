"""Keep the averaged weights of an unfinished run in a small file, with which `training.train --weights` begins."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from training.options import parse_config
from training.train import averaged_weights


@dataclass(frozen=True)
class KeepConfig:
    """The options of the command."""

    run: Path = field(metadata={"help": "folder of a training run"})
    out: Path = field(metadata={"help": "file to write"})
    mean_with: str = field(default="", metadata={"help": "file written before; the mean of both weights is written"})


def main(argv: Sequence[str] | None = None) -> None:
    """Write the weights of a run's last checkpoint in float16, with its options but folders, its steps and notes."""
    config = parse_config(KeepConfig, argv, __doc__ or "")
    saved = torch.load(config.run / "last.pt", map_location="cpu", weights_only=True)
    averaged = averaged_weights(saved)
    if config.mean_with:
        other = averaged_weights(torch.load(config.mean_with, map_location="cpu", weights_only=True))
        averaged = {name: (value + other[name]) / 2 for name, value in averaged.items()}
    weights = {name: value.half() for name, value in averaged.items()}
    if not all(value.isfinite().all() for value in weights.values()):
        raise SystemExit(f"the weights of {config.run} are not finite, so nothing was written")
    options = {name: value for name, value in saved["config"].items() if name not in ("data", "out", "weights")}
    torch.save({"config": options, "step": saved["step"], "notes": saved["notes"], "weights": weights}, config.out)


if __name__ == "__main__":
    main()
