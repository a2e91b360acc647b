"""The graph of a windowed network: the window is a state, so that each step reads one token."""

from typing import Any

import numpy as np

from longplay.importing.network import Both, Dense, Embedding, Gru, Lstm, Network, Recurrent, Scale
from longplay.importing.nodes import Nodes, onnx_gates

_OPERATORS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


def window_states(network: Network, pad: int | None) -> list[dict[str, Any]]:
    """Return the states of a config.json: the window and, without a pad, how many tokens it has."""
    window = {"input": "window", "output": "next_window", "type": "int64", "shape": [network.window]}
    count = {"input": "count", "output": "next_count", "type": "int64", "shape": [1]}
    return [window] if pad is not None else [window, count]


def step_graph(network: Network, pad: int | None) -> bytes:
    """Return step.onnx of a network.

    With a pad, the tokens before the first are the pad. Without one, the tokens so far are repeated to fill the window;
    before the first, the window is full of token 0.
    """
    nodes = Nodes()
    ids = _cycled(nodes, network) if pad is None else _padded(nodes, network, pad)
    _logits(nodes, network, nodes.add("Transpose", ids, perm=[1, 0]))
    return nodes.model(network.tokens, window_states(network, pad))


def _shifted(nodes: Nodes, network: Network, token: str) -> str:
    """Return the window with a token (batch, 1) at its end."""
    if network.window == 1:
        return nodes.add("Identity", token, into="next_window")
    kept = nodes.add("Slice", "window", nodes.integers(1), nodes.integers(network.window), nodes.integers(1))
    return nodes.add("Concat", kept, token, into="next_window", axis=1)


def _padded(nodes: Nodes, network: Network, pad: int) -> str:
    """Return the ids of the window (batch, window); the state holds them minus the pad, since it begins with zeros."""
    window = _shifted(nodes, network, nodes.add("Sub", "event", nodes.integers(pad)))
    return nodes.add("Add", window, nodes.integers(pad))


def _cycled(nodes: Nodes, network: Network) -> str:
    """Return the ids of the window (batch, window), filled by the tokens so far."""
    is_token = nodes.add("Less", "event", nodes.integers(network.tokens))
    window = _shifted(nodes, network, nodes.add("Where", is_token, "event", nodes.integers(0)))
    more = nodes.add("Add", "count", nodes.add("Cast", is_token, to=nodes.onnx.TensorProto.INT64))
    count = nodes.add("Min", more, nodes.integers(network.window), into="next_count")
    ago = nodes.constant([list(range(network.window - 1, -1, -1))], np.int64)
    ago = nodes.add("Mod", ago, nodes.add("Max", count, nodes.integers(1)))
    return nodes.add("GatherElements", window, nodes.add("Sub", nodes.integers(network.window - 1), ago), axis=1)


def _logits(nodes: Nodes, network: Network, ids: str) -> None:
    """Add the layers over the ids (window, batch)."""
    values = ids
    if network.reads == "one-hot":
        values = nodes.add("Gather", nodes.constant(np.eye(network.tokens)), ids)
    elif network.reads != "ids":
        real = nodes.add("Cast", ids, to=nodes.onnx.TensorProto.FLOAT)
        values = nodes.add("Div", real, nodes.constant([network.tokens]))
        values = nodes.add("Unsqueeze", values, nodes.integers(2))
    for number, layer in enumerate(network.layers, 1):
        into = "logits" if number == len(network.layers) else ""
        if isinstance(layer, Recurrent):
            values = _recurrent(nodes, layer, values)
        elif isinstance(layer, Embedding):
            values = nodes.add("Gather", nodes.constant(layer.table), values)
        elif isinstance(layer, Scale):
            product = nodes.add("Mul", values, nodes.constant(layer.factor))
            values = nodes.add("Add", product, nodes.constant(layer.shift), into=into)
        else:
            values = _dense(nodes, layer, values, into)


def _recurrent(nodes: Nodes, layer: Recurrent, values: str) -> str:
    """Add a layer over values (window, batch, inputs). ONNX has an axis for the directions before that of the rows."""
    directions = [layer.forward, layer.backward] if isinstance(layer, Both) else [layer]
    rows = [_lstm_rows(one) if isinstance(one, Lstm) else _gru_rows(one) for one in directions]
    weights = [nodes.constant(np.concatenate(parts)) for parts in zip(*rows, strict=True)]
    options: dict[str, Any] = {"hidden_size": len(directions[0].recurrent_kernel)}
    options["direction"] = "bidirectional" if len(directions) == 2 else "forward"
    kind = "LSTM"
    if isinstance(directions[0], Gru):
        kind, options["linear_before_reset"] = "GRU", int(directions[0].resets_after)
    output = nodes.add(kind, values, *weights, skipped=0 if layer.returns_all else 1, **options)
    output = nodes.add("Transpose", output, perm=[0, 2, 1, 3] if layer.returns_all else [1, 0, 2])
    return nodes.add("Reshape", output, nodes.integers(*([0, 0, -1] if layer.returns_all else [0, -1])))


def _lstm_rows(layer: Lstm) -> tuple[Any, Any, Any]:
    bias = np.concatenate([onnx_gates(layer.bias), np.zeros((1, layer.bias.size))], axis=1)
    return onnx_gates(layer.kernel), onnx_gates(layer.recurrent_kernel), bias


def _gru_rows(layer: Gru) -> tuple[Any, Any, Any]:
    bias = np.concatenate([layer.bias, layer.recurrent_bias])[None]
    return layer.kernel.T[None], layer.recurrent_kernel.T[None], bias


def _dense(nodes: Nodes, layer: Dense, values: str, into: str) -> str:
    product = nodes.add("MatMul", values, nodes.constant(layer.kernel))
    is_plain = layer.activation not in _OPERATORS
    total = nodes.add("Add", product, nodes.constant(layer.bias), into=into if is_plain else "")
    return total if is_plain else nodes.add(_OPERATORS[layer.activation], total, into=into)
