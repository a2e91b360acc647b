"""Graphs of ONNX, built node by node."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from longplay._base.extras import missing_extra

_IR_VERSION, _OPSET = 8, 17
_KINDS = {"float32": "FLOAT", "int64": "INT64"}
_GATES = (0, 3, 1, 2)  # Keras and PyTorch have input, forget, cell, output; ONNX has input, output, forget, cell


class Nodes:
    """Nodes and constants of a graph; `add` returns the name of its output. Needs the package onnx."""

    def __init__(self) -> None:
        try:
            import onnx
            import onnx.numpy_helper  # a part of it that it does not import itself
        except ModuleNotFoundError:
            raise missing_extra("onnx", "import") from None
        self.onnx: Any = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        """Return the name of an array of constants."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def integers(self, *values: int) -> str:
        """Return the name of a list of integers."""
        return self.constant(values, np.int64)

    def add(self, kind: str, *inputs: str, into: str = "", skipped: int = 0, **attributes: Any) -> str:
        """Add a node, the first outputs of which may be skipped."""
        return self.add_all(kind, *inputs, into=[""] * skipped + [into], **attributes)[-1]

    def add_all(self, kind: str, *inputs: str, into: Sequence[str], **attributes: Any) -> list[str]:
        """Add a node of several outputs, and return their names; an output without a name gets one if it is last."""
        outputs = [*into[:-1], into[-1] or f"value_{len(self._nodes)}"]
        self._nodes.append(self.onnx.helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def model(self, tokens: int, states: Sequence[Mapping[str, Any]]) -> bytes:
        """Return step.onnx of a model of tokens with these states, as in its config.json."""
        helper = self.onnx.helper

        def tensor(name: str, kind: str, shape: Sequence[int]) -> Any:
            return helper.make_tensor_value_info(name, getattr(self.onnx.TensorProto, _KINDS[kind]), ["batch", *shape])

        graph = helper.make_graph(
            self._nodes,
            "step",
            [tensor("event", "int64", [1]), *(tensor(one["input"], one["type"], one["shape"]) for one in states)],
            [
                tensor("logits", "float32", [tokens]),
                *(tensor(one["output"], one["type"], one["shape"]) for one in states),
            ],
            self._constants,
        )
        made = helper.make_model(graph, ir_version=_IR_VERSION, opset_imports=[helper.make_opsetid("", _OPSET)])
        self.onnx.checker.check_model(made)
        return bytes(made.SerializeToString())


def onnx_gates(weight: Any) -> Any:
    """Return the weights of an LSTM, shape (..., 4 * units), in the order of ONNX, as rows."""
    parts = np.split(weight, 4, axis=-1)
    return np.concatenate([parts[gate] for gate in _GATES], axis=-1).T[None]
