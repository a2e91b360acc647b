"""Add the layers of torch to the graph of one step; every value has the shape (batch, width)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from longplay.importing.nodes import Nodes, onnx_gates


def state(name: str, kind: str, *shape: int) -> dict[str, Any]:
    """Return the declaration of a state for config.json."""
    return {"input": name, "output": f"next_{name}", "type": kind, "shape": list(shape)}


def add_linear(nodes: Nodes, layer: nn.Linear, x: str, into: str = "") -> str:
    """Add a linear layer."""
    weight = nodes.constant(layer.weight.detach().numpy().T)
    bias = np.zeros(layer.out_features) if layer.bias is None else layer.bias.detach().numpy()
    return nodes.add("Add", nodes.add("MatMul", x, weight), nodes.constant(bias), into=into)


def add_embedding(nodes: Nodes, layer: nn.Embedding, ids: str) -> str:
    """Add the rows of ids (batch, 1)."""
    rows = nodes.add("Gather", nodes.constant(layer.weight.detach().numpy()), ids)
    return nodes.add("Squeeze", rows, nodes.integers(1))


def add_lstm(
    nodes: Nodes, lstm: nn.LSTM, x: str, *, begins: str = "", first: Sequence[str] = ()
) -> tuple[str, list[str], list[dict[str, Any]]]:
    """Add one step of a stack of layers; return h of the upper layer, all next h and c, and the states.

    `begins`, if given, names a bool (batch, 1): where it is true, the states before the step are those named `first`,
    h and c of each layer, or zeros without `first`.
    """
    states: list[dict[str, Any]] = []
    after = []
    value = nodes.add("Unsqueeze", x, nodes.integers(0))  # (1, batch, width)
    for number in range(lstm.num_layers):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        part = {name: getattr(lstm, f"{name}_l{number}").detach().numpy() for name in names}
        bias = part["bias_ih"] + part["bias_hh"]
        bias = np.concatenate([onnx_gates(bias), np.zeros((1, bias.size))], axis=1)
        weights = [onnx_gates(part["weight_ih"].T), onnx_gates(part["weight_hh"].T), bias]
        before = [state(f"{kind}{number}", "float32", lstm.hidden_size) for kind in "hc"]
        known = [one["input"] for one in before]
        if begins:
            given = first[2 * number : 2 * number + 2] or [nodes.constant(0.0)] * 2
            known = [nodes.add("Where", begins, new, old) for new, old in zip(given, known, strict=True)]
        steps = [nodes.add("Unsqueeze", one, nodes.integers(0)) for one in known]
        new = [f"new_{kind}{number}" for kind in "hc"]
        kernel = [nodes.constant(one) for one in weights]
        nodes.add_all("LSTM", value, *kernel, "", *steps, into=["", *new], hidden_size=lstm.hidden_size)
        for one, name in zip(before, new, strict=True):
            after.append(nodes.add("Squeeze", name, nodes.integers(0), into=one["output"]))
        states += before
        value = new[0]
    return after[-2], after, states
