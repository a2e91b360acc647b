"""Nodes of one step of `training.backbones.lstm`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from training.backbones.lstm import LSTM
from training.graphs.builder import Floats, Graph
from training.graphs.calibration import Ranges

GATES = [0, 1, 3, 2]  # torch's gates are input, forget, candidate, output; here the three sigmoids come first


def states(backbone: LSTM) -> list[dict[str, Any]]:
    """``states`` of the config.json."""
    return [
        {"input": f"{kind}{layer}", "output": f"next_{kind}{layer}", "type": "float32", "shape": [backbone.width]}
        for layer in range(backbone.LAYERS)
        for kind in "hc"
    ]


def hear(
    g: Graph, backbone: LSTM, ids: str, tables: Sequence[Floats], told: Floats, _ranges: Ranges | None
) -> tuple[str, Floats]:
    """Add one step: `ids` (batch, tables) of the embeddings -> what was heard, and `told`, which multiplies it.

    The embeddings only enter the first layer's product, and as a sum. So the graph's tables hold the products
    of the embeddings, and the first layer multiplies h alone.
    """
    width = backbone.width
    weights = [
        [_by_gate(getattr(backbone.lstm, f"weight_{kind}_l{layer}"), width) for kind in ("ih", "hh")]
        for layer in range(backbone.LAYERS)
    ]
    biases = [
        _by_gate(getattr(backbone.lstm, f"bias_ih_l{layer}") + getattr(backbone.lstm, f"bias_hh_l{layer}"), width)
        for layer in range(backbone.LAYERS)
    ]
    heard = ""
    for layer, ((weight_ih, weight_hh), bias) in enumerate(zip(weights, biases, strict=True)):
        if layer == 0:
            given = g.embeddings("given", ids, [table @ weight_ih for table in tables])
            gates = g.add("Add", given, g.product("recurrent", "h0", weight_hh, bias), into="gates0")
        else:
            given = g.add("Concat", heard, f"h{layer}", into=f"given{layer}", axis=1)
            gates = g.product(f"gates{layer}", given, np.concatenate([weight_ih, weight_hh]), bias)
        heard = _cell(g, layer, gates, width)
    return heard, told


def _by_gate(weight: Any, width: int) -> Floats:
    """Order the gates, and turn a matrix to (inputs, outputs)."""
    array: Floats = weight.detach().float().numpy()
    array = array.reshape(4, width, *array.shape[1:])[GATES].reshape(array.shape)
    return array.T


def _cell(g: Graph, layer: int, gates: str, width: int) -> str:
    n = str(layer)
    opening, candidate = g.split(gates, {f"opening{n}": 3 * width, f"candidate{n}": width})
    opened = g.add("Sigmoid", opening, into=f"opened{n}")
    new = g.add("Tanh", candidate, into=f"new{n}")
    write, keep, show = g.split(opened, {f"write{n}": width, f"keep{n}": width, f"show{n}": width})
    kept = g.add("Mul", keep, f"c{n}", into=f"kept{n}")
    written = g.add("Mul", write, new, into=f"written{n}")
    cell = g.add("Add", kept, written, into=f"next_c{n}")
    return g.add("Mul", show, g.add("Tanh", cell, into=f"shown{n}"), into=f"next_h{n}")
