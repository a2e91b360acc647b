"""The weights of an LSTM such as `piano-lstm`, read from its graphs as plain arrays, for rivals to use.

``training/graphs`` gives the names. int8 weights are converted to the fp32 numbers that they represent. A rival
multiplies in fp32 and does not round the inputs of a product.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay import Error, Model
from longplay.bench.onnx_bytes import weights

INT8_INPUTS = np.float32(127)
"""int8 input that stands for 1; the scale of a product undoes this factor (docs/model-contract.md)."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Table:
    """Table of embeddings, of which several are added: row `begins[i] + id` for each id i."""

    rows: Floats
    begins: NDArray[np.int64]


@dataclass(frozen=True)
class Product:
    """``x @ weight + bias``."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class LSTMWeights:
    """Two layers; gates in the order input, forget, output, candidate."""

    inputs: Table  # of the event and the controls, already multiplied by the first layer's weights
    recurrent: Product  # of the first layer
    second: Product  # of the second layer: its input and its own h
    output: Product  # logits of the first field, and the context of the heads
    drawn: list[Table]  # of each head: the fields drawn before
    heads: list[Product]
    sizes: list[int]  # ids of each field
    top_p: list[float]  # of each field, as the model has it
    start_event: list[int]
    unknown: list[int]  # each control's

    @property
    def width(self) -> int:
        """Width of a layer."""
        return len(self.recurrent.weight)


def read(folder: Path) -> LSTMWeights:
    """Read a model folder; raise an Error unless it is an LSTM of two layers as ``training/export.py`` writes it."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    step = weights((folder / "step.onnx").read_bytes())
    heads = [weights((folder / f"head_{f}.onnx").read_bytes()) for f in range(1, len(config["fields"]))]
    try:
        return LSTMWeights(
            inputs=_table(step, "given"),
            recurrent=_product(step, "gates0"),
            second=_product(step, "gates1"),
            output=_product(step, "told"),
            drawn=[_table(head, "drawn") for head in heads],
            heads=[_product(head, "logits") for head in heads],
            sizes=[field["size"] for field in config["fields"]],
            top_p=[sampling["top_p"] for sampling in Model(folder).sampling()],
            start_event=config["start_event"],
            unknown=[control["unknown"] for control in config["controls"]],
        )
    except KeyError as missing:
        raise Error(f"{folder} is no LSTM as training/export.py writes it: {missing} is missing") from None


def _table(graph: dict[str, NDArray[Any]], name: str) -> Table:
    begins = graph.get(f"{name}_begins", np.zeros(1, np.int64))  # an fp32 graph has none for a single table
    return Table(graph[f"{name}_tables"].astype(np.float32), begins)


def _product(graph: dict[str, NDArray[Any]], name: str) -> Product:
    weight = graph[f"{name}_weight"].astype(np.float32)
    if f"{name}_scale" in graph:
        weight *= graph[f"{name}_scale"] * INT8_INPUTS
    return Product(weight, graph.get(f"{name}_bias", np.zeros(weight.shape[1], np.float32)))
