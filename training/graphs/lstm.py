"""Build the nodes of one step of `training.backbones.lstm`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from training.backbones.lstm import LSTM
from training.graphs.builder import Floats, Graph
from training.graphs.calibration import Ranges

GATES = [0, 1, 3, 2]  # torch's gates are input, forget, candidate, output; here the three sigmoids come first


def states(backbone: LSTM) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    return [state for layer in range(backbone.layers) for state in layer_states(layer, backbone.width)]


def add_step(
    g: Graph, backbone: LSTM, ids: str, tables: Sequence[Floats], weight: Floats, _ranges: Ranges | None
) -> tuple[str, Floats]:
    """Add one step: `ids` (batch, tables) of the embeddings -> the output, and the `weight` that multiplies it."""
    output = first_layer(g, backbone, ids, tables)
    for layer in range(1, backbone.layers):
        input_weight, recurrent, bias = layer_weights(backbone, layer)
        output = next_layer(g, layer, output, np.concatenate([input_weight, recurrent]), bias)
    return output, weight


def layer_states(layer: int, width: int) -> list[dict[str, Any]]:
    """Declare h and c of a layer."""
    return [
        {"input": f"{kind}{layer}", "output": f"next_{kind}{layer}", "type": "float32", "shape": [width]}
        for kind in "hc"
    ]


def layer_weights(backbone: LSTM, layer: int) -> tuple[Floats, Floats, Floats]:
    """Return the weights of a layer's input and of its h, each (width, gates), and their bias."""
    part = {
        name: getattr(backbone.lstm, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    width = backbone.width
    bias = _by_gate(part["bias_ih"] + part["bias_hh"], width)
    return _by_gate(part["weight_ih"], width), _by_gate(part["weight_hh"], width), bias


def first_layer(g: Graph, backbone: LSTM, ids: str, tables: Sequence[Floats]) -> str:
    """Add layer 0 and the embeddings.

    The embeddings enter only the layer's product, and as a sum. The graph's tables therefore hold the products of the
    embeddings, the first table also the bias, and the layer multiplies h only.
    """
    weight, recurrent, bias = layer_weights(backbone, 0)
    first, *others = (table @ weight for table in tables)
    return g.lstm_cell(0, "h0", recurrent, g.embeddings("given", ids, [first + bias, *others]))


def next_layer(g: Graph, layer: int, x: str, weight: Floats, bias: Floats) -> str:
    """Add a further layer; `weight` multiplies the concatenation of its input and its h."""
    return g.lstm_cell(layer, g.add("Concat", x, f"h{layer}", into=f"given{layer}", axis=1), weight, bias)


def _by_gate(weight: Any, width: int) -> Floats:
    """Reorder the gates, and transpose a matrix to (inputs, outputs)."""
    array: Floats = weight.detach().float().numpy()
    array = array.reshape(4, width, *array.shape[1:])[GATES].reshape(array.shape)
    return array.T
