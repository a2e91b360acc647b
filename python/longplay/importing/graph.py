"""The graph of a windowed network: the window is a state, so that each step reads one token."""

from typing import Any

import numpy as np

from longplay._base.extras import missing_extra
from longplay.importing.network import Dense, Lstm, Network, Scale

_IR_VERSION, _OPSET = 8, 17
_GATES = (0, 3, 1, 2)  # ONNX has input, output, forget, cell
_OPERATORS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


class _Nodes:
    """Nodes and constants of a graph; `add` returns the name of its output."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: Any, kind: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def add(self, kind: str, *inputs: str, into: str = "", skipped: int = 0, **attributes: Any) -> str:
        """Add a node, the first outputs of which may be skipped."""
        name = into or f"value_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [""] * skipped + [name], **attributes))
        return name


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
    try:
        import onnx
        import onnx.numpy_helper  # a part of it that it does not import itself
    except ModuleNotFoundError:
        raise missing_extra("onnx", "import") from None
    nodes = _Nodes(onnx)
    ids = _cycled(nodes, network) if pad is None else _padded(nodes, network, pad)
    _logits(nodes, network, nodes.add("Transpose", ids, perm=[1, 0]))

    def tensor(name: str, kind: int, *shape: int) -> Any:
        return onnx.helper.make_tensor_value_info(name, kind, ["batch", *shape])

    integer, real = onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    states = window_states(network, pad)
    inputs = [tensor(state["input"], integer, *state["shape"]) for state in states]
    outputs = [tensor(state["output"], integer, *state["shape"]) for state in states]
    graph = onnx.helper.make_graph(
        nodes.nodes,
        "step",
        [tensor("event", integer, 1), *inputs],
        [tensor("logits", real, network.tokens), *outputs],
        nodes.constants,
    )
    made = onnx.helper.make_model(graph, ir_version=_IR_VERSION, opset_imports=[onnx.helper.make_opsetid("", _OPSET)])
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def _shifted(nodes: _Nodes, network: Network, token: str) -> str:
    """Return the window with a token (batch, 1) at its end."""
    if network.window == 1:
        return nodes.add("Identity", token, into="next_window")
    kept = nodes.add("Slice", "window", nodes.integers(1), nodes.integers(network.window), nodes.integers(1))
    return nodes.add("Concat", kept, token, into="next_window", axis=1)


def _padded(nodes: _Nodes, network: Network, pad: int) -> str:
    """Return the ids of the window (batch, window); the state holds them minus the pad, since it begins with zeros."""
    window = _shifted(nodes, network, nodes.add("Sub", "event", nodes.integers(pad)))
    return nodes.add("Add", window, nodes.integers(pad))


def _cycled(nodes: _Nodes, network: Network) -> str:
    """Return the ids of the window (batch, window), filled by the tokens so far."""
    is_token = nodes.add("Less", "event", nodes.integers(network.tokens))
    window = _shifted(nodes, network, nodes.add("Where", is_token, "event", nodes.integers(0)))
    more = nodes.add("Add", "count", nodes.add("Cast", is_token, to=nodes.onnx.TensorProto.INT64))
    count = nodes.add("Min", more, nodes.integers(network.window), into="next_count")
    ago = nodes.constant([list(range(network.window - 1, -1, -1))], np.int64)
    ago = nodes.add("Mod", ago, nodes.add("Max", count, nodes.integers(1)))
    return nodes.add("GatherElements", window, nodes.add("Sub", nodes.integers(network.window - 1), ago), axis=1)


def _logits(nodes: _Nodes, network: Network, ids: str) -> None:
    """Add the layers over the ids (window, batch)."""
    if network.one_hot:
        values = nodes.add("Gather", nodes.constant(np.eye(network.tokens), np.float32), ids)
    else:
        real = nodes.add("Cast", ids, to=nodes.onnx.TensorProto.FLOAT)
        values = nodes.add("Div", real, nodes.constant([network.tokens], np.float32))
        values = nodes.add("Unsqueeze", values, nodes.integers(2))
    for number, layer in enumerate(network.layers, 1):
        into = "logits" if number == len(network.layers) else ""
        if isinstance(layer, Lstm):
            values = _lstm(nodes, layer, values)
        elif isinstance(layer, Scale):
            product = nodes.add("Mul", values, nodes.constant(layer.factor, np.float32))
            values = nodes.add("Add", product, nodes.constant(layer.shift, np.float32), into=into)
        else:
            values = _dense(nodes, layer, values, into)


def _lstm(nodes: _Nodes, layer: Lstm, values: str) -> str:
    def gates(weight: Any) -> Any:
        parts = np.split(weight, 4, axis=-1)
        return np.concatenate([parts[gate] for gate in _GATES], axis=-1).T[None]

    bias = np.concatenate([gates(layer.bias), np.zeros((1, layer.bias.size))], axis=1)
    weights = [nodes.constant(one, np.float32) for one in (gates(layer.kernel), gates(layer.recurrent_kernel), bias)]
    units = len(layer.recurrent_kernel)
    output = nodes.add("LSTM", values, *weights, hidden_size=units, skipped=0 if layer.returns_all else 1)
    axis = 1 if layer.returns_all else 0  # the direction
    return nodes.add("Squeeze", output, nodes.integers(axis))


def _dense(nodes: _Nodes, layer: Dense, values: str, into: str) -> str:
    product = nodes.add("MatMul", values, nodes.constant(layer.kernel, np.float32))
    is_plain = layer.activation not in _OPERATORS
    total = nodes.add("Add", product, nodes.constant(layer.bias, np.float32), into=into if is_plain else "")
    return total if is_plain else nodes.add(_OPERATORS[layer.activation], total, into=into)
