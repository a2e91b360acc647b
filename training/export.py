"""Writes the model of a run as a folder of docs/model-contract.md."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from training import tables
from training.model import LAYERS, NoteLSTM
from training.onnx_graph import Floats, Weights, head_graph, step_graph
from training.options import parse_config


@dataclass(frozen=True)
class ExportConfig:
    """What to export, and how."""

    run: Path = field(metadata={"help": "folder of a training run"})
    out: Path = field(metadata={"help": "folder to write"})
    name: str = field(default="piano-lstm", metadata={"help": "name of the model"})
    int8: bool = field(default=True, metadata={"help": "int8 products; fp32 otherwise"})


def load_model(run: Path) -> NoteLSTM:
    """Load the model of a run's last checkpoint, ready to be used."""
    saved = torch.load(run / "last.pt", map_location="cpu", weights_only=True)
    model = NoteLSTM(saved["config"]["width"], saved["config"]["head_width"])
    model.load_state_dict(saved["model"])
    return model.eval()


def weights_of(model: NoteLSTM) -> Weights:
    """Return a model's weights as the graphs take them."""
    width = model.width
    order = [0, 1, 3, 2]  # torch's gates are input, forget, candidate, output
    layers = []
    for layer in range(LAYERS):
        part = {
            name: _array(getattr(model.lstm, f"{name}_l{layer}"))
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        weight = np.concatenate([part["weight_ih"], part["weight_hh"]], axis=1)
        weight = weight.reshape(4, width, 2 * width)[order].reshape(4 * width, 2 * width)
        bias = (part["bias_ih"] + part["bias_hh"]).reshape(4, width)[order].reshape(4 * width)
        layers.append((weight.T, bias))
    return Weights(
        events=_tables(model.events),
        controls=_tables(model.controls),
        layers=layers,
        out=(_array(model.out.weight).T, _array(model.out.bias)),
        heads=[
            (_tables(earlier), _array(head.weight).T, _array(head.bias))
            for earlier, head in zip(model.drawn, model.heads, strict=True)
        ],
    )


def write_model(model: NoteLSTM, out: Path, *, name: str, int8: bool) -> None:
    """Write the model's graphs and config.json into a folder; files of other names stay."""
    weights = weights_of(model)
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    onnx.save(step_graph(weights, int8=int8), partial / "step.onnx")
    for f in range(1, len(tables.SIZES)):
        onnx.save(head_graph(weights, f, int8=int8), partial / f"head_{f}.onnx")
    config = tables.config(name, model.width, model.context_width)
    (partial / "config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")
    out.mkdir(parents=True, exist_ok=True)
    for path in partial.iterdir():
        path.replace(out / path.name)
    partial.rmdir()


def _array(weight: Any) -> Floats:
    array: Floats = weight.detach().float().numpy()
    return array


def _tables(modules: Any) -> list[Floats]:
    return [_array(table.weight) for table in modules]


def main(argv: Sequence[str] | None = None) -> None:
    """Export the last checkpoint of a run."""
    config = parse_config(ExportConfig, argv, __doc__ or "")
    write_model(load_model(config.run), config.out, name=config.name, int8=config.int8)


if __name__ == "__main__":
    main()
