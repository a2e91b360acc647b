"""Keep the averaged weights of an unfinished run in a small file, with which `training.train --weights` begins."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from training.options import parse_config
from training.train import averaged_weights, read_run

LAYERS = "backbone.layers."
"""How the names of weights of layers begin."""


@dataclass(frozen=True)
class KeepConfig:
    """The options of the command."""

    run: Path = field(metadata={"help": "folder of a training run, or a file written before"})
    out: Path = field(metadata={"help": "file to write"})
    mean_with: str = field(default="", metadata={"help": "file written before; the mean of both weights is written"})
    layers: str = field(default="", metadata={"help": "indices of the layers to keep, by comma; all if empty"})


def main(argv: Sequence[str] | None = None) -> None:
    """Write the averaged weights of a run in float16, with its options but folders, its steps and notes.

    A choice of layers makes a model that has read nothing yet.
    """
    config = parse_config(KeepConfig, argv, __doc__ or "")
    saved = read_run(config.run)
    averaged = averaged_weights(saved)
    if config.mean_with:
        other = averaged_weights(torch.load(config.mean_with, map_location="cpu", weights_only=True))
        averaged = {name: (value + other[name]) / 2 for name, value in averaged.items()}
    if config.layers:
        averaged = _of_layers(averaged, [int(index) for index in config.layers.split(",")])
    weights = {name: value.half() for name, value in averaged.items()}
    if not all(value.isfinite().all() for value in weights.values()):
        raise SystemExit(f"the weights of {config.run} are not finite, so nothing was written")
    options = {name: value for name, value in saved["config"].items() if name not in ("data", "out", "weights")}
    read = {"step": 0, "notes": 0} if config.layers else {"step": saved["step"], "notes": saved["notes"]}
    torch.save({"config": options, **read, "weights": weights}, config.out)


def _of_layers(weights: dict[str, torch.Tensor], layers: list[int]) -> dict[str, torch.Tensor]:
    """Return the weights without the layers of the backbone that are not listed, the others numbered anew."""
    chosen = {}
    for name, value in weights.items():
        if not name.startswith(LAYERS):
            chosen[name] = value
            continue
        index, rest = name.removeprefix(LAYERS).split(".", 1)
        if int(index) in layers:
            chosen[f"{LAYERS}{layers.index(int(index))}.{rest}"] = value
    return chosen


if __name__ == "__main__":
    main()
