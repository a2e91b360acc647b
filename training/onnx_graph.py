"""ONNX graphs of a `NoteLSTM`: one step, and one head per further field. See docs/model-contract.md.

What enters a large product lies in (-1, 1), so the int8 form quantises it with a fixed scale: a row's bits do
not depend on its neighbours, as they would with a scale taken over the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

IR_VERSION, OPSET = 8, 17  # open in every ONNX Runtime from 1.19
RUNTIME_DOMAIN = "com.microsoft"
ACTIVATION_SCALE = 1 / 127
ACTIVATION_ZERO = 128
# With 7 bits the sum of two products fits 16 bits, which processors without VNNI add them in.
WEIGHT_MAX = 63

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """A model's weights as the graphs take them: products as (inputs, outputs), embeddings as (ids, width).

    Attributes
    ----------
    events, controls : list of arrays
        Embeddings of the fields and of the controls.
    layers : list of (weight, bias)
        Of the concatenated (input, h), for the gates input, forget, output, candidate.
    out : (weight, bias)
        Of the first field's logits and the context.
    heads : list of (embeddings, weight, bias)
        Of every further field: embeddings of the fields before it, and its logits.
    """

    events: list[Floats]
    controls: list[Floats]
    layers: list[tuple[Floats, Floats]]
    out: tuple[Floats, Floats]
    heads: list[tuple[list[Floats], Floats, Floats]]

    @property
    def width(self) -> int:
        """Cells of a layer."""
        return int(self.events[0].shape[1])

    @property
    def head_width(self) -> int:
        """Width of a head's hidden layer."""
        return int(self.heads[0][1].shape[0])

    @property
    def context_width(self) -> int:
        """Width of `context`: the heads' parts, side by side."""
        return self.head_width * len(self.heads)


class Graph:
    """Collects nodes and constants; a method that adds a node returns the name of its output."""

    def __init__(self, int8: bool) -> None:
        self._int8 = int8
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: Any, kind: Any) -> str:
        """Add a constant, or take the one of that name."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(values, kind), name)
        return name

    def add(self, kind: str, *inputs: str, into: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        self._nodes.append(helper.make_node(kind, inputs, [into], domain=domain, **attributes))
        return into

    def split(self, whole: str, parts: dict[str, int]) -> list[str]:
        """Cut columns into named parts of these widths."""
        widths = self.constant("_".join(map(str, parts.values())), list(parts.values()), np.int64)
        self._nodes.append(helper.make_node("Split", [whole, widths], list(parts), axis=1))
        return list(parts)

    def embeddings(self, name: str, ids: str, tables: Sequence[Floats]) -> str:
        """Sum of one row of every table: ids (batch, tables) -> (batch, width)."""
        # 16 bits in the file; the runtime casts once, at load.
        half = self.constant(f"{name}_tables", np.concatenate(tables), np.float16)
        table = self.add("Cast", half, into=f"{name}_rows", to=TensorProto.FLOAT)
        if len(tables) > 1:
            begins = np.cumsum([0, *(len(table) for table in tables[:-1])])
            ids = self.add("Add", ids, self.constant(f"{name}_begins", begins, np.int64), into=f"{name}_ids")
        rows = self.add("Gather", table, ids, into=f"{name}_each", axis=0)
        return self.add("ReduceSum", rows, self.constant("axis", [1], np.int64), into=f"{name}_sum", keepdims=0)

    def product(self, name: str, given: str, weight: Floats, bias: Floats) -> str:
        """``given @ weight + bias``."""
        bias_name = self.constant(f"{name}_bias", bias, np.float32)
        if not self._int8:
            weight_name = self.constant(f"{name}_weight", weight, np.float32)
            return self.add("Gemm", given, weight_name, bias_name, into=name)
        quantised, scale = quantise(weight)
        activation_scale = self.constant("activation_scale", ACTIVATION_SCALE, np.float32)
        activation_zero = self.constant("activation_zero", ACTIVATION_ZERO, np.uint8)
        return self.add(
            "MatMulIntegerToFloat",
            self.add("QuantizeLinear", given, activation_scale, activation_zero, into=f"{name}_given"),
            self.constant(f"{name}_weight", quantised, np.int8),
            activation_scale,
            self.constant(f"{name}_scale", scale, np.float32),
            activation_zero,
            "",  # the weights' zero point is 0
            bias_name,
            into=name,
            domain=RUNTIME_DOMAIN,
        )

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> onnx.ModelProto:
        """Return the whole model, checked."""
        graph = helper.make_graph(self._nodes, name, inputs, outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME_DOMAIN, 1)]
        model = helper.make_model(graph, ir_version=IR_VERSION, opset_imports=opsets)
        onnx.checker.check_model(model)
        return model


def quantise(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Integers and one scale per column, with ``integers * scale`` near `weight`."""
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-8) / WEIGHT_MAX
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)


def _tensor(name: str, width: int, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, ["batch", width])


def _cell(g: Graph, layer: int, given: str, weight: Floats, bias: Floats) -> str:
    """Add one LSTM layer, and return its h."""
    width = len(bias) // 4
    n = str(layer)
    gates = g.product(f"gates{n}", g.add("Concat", given, f"h{n}", into=f"given{n}", axis=1), weight, bias)
    opening, candidate = g.split(gates, {f"opening{n}": 3 * width, f"candidate{n}": width})
    opened = g.add("Sigmoid", opening, into=f"opened{n}")
    new = g.add("Tanh", candidate, into=f"new{n}")
    write, keep, show = g.split(opened, {f"write{n}": width, f"keep{n}": width, f"show{n}": width})
    kept = g.add("Mul", keep, f"c{n}", into=f"kept{n}")
    written = g.add("Mul", write, new, into=f"written{n}")
    cell = g.add("Add", kept, written, into=f"next_c{n}")
    return g.add("Mul", show, g.add("Tanh", cell, into=f"shown{n}"), into=f"next_h{n}")


def step_graph(weights: Weights, *, int8: bool) -> onnx.ModelProto:
    """Return step.onnx."""
    g = Graph(int8)
    ids = g.add("Concat", "event", "control", into="ids", axis=1)
    given = g.embeddings("given", ids, [*weights.events, *weights.controls])
    given = g.add("Tanh", given, into="given")
    for layer, (weight, bias) in enumerate(weights.layers):
        given = _cell(g, layer, given, weight, bias)
    first = len(weights.out[1]) - weights.context_width
    told = g.product("told", given, *weights.out)
    g.split(told, {"logits": first, "context": weights.context_width})

    states = [f"{kind}{layer}" for layer in range(len(weights.layers)) for kind in "hc"]
    inputs = [
        _tensor("event", len(weights.events), TensorProto.INT64),
        _tensor("control", len(weights.controls), TensorProto.INT64),
        *(_tensor(name, weights.width) for name in states),
    ]
    outputs = [
        _tensor("logits", first),
        _tensor("context", weights.context_width),
        *(_tensor(f"next_{name}", weights.width) for name in states),
    ]
    return g.model("step", inputs, outputs)


def head_graph(weights: Weights, field: int, *, int8: bool) -> onnx.ModelProto:
    """Return head_`field`.onnx."""
    g = Graph(int8)
    tables, weight, bias = weights.heads[field - 1]
    width = weights.head_width
    begin = g.constant("begin", [(field - 1) * width], np.int64)
    end = g.constant("end", [field * width], np.int64)
    part = g.add("Slice", "context", begin, end, g.constant("axis", [1], np.int64), into="part")
    hidden = g.add("Add", part, g.embeddings("drawn", "drawn", tables), into="hidden_sum")
    g.product("logits", g.add("Tanh", hidden, into="hidden"), weight, bias)
    inputs = [_tensor("context", weights.context_width), _tensor("drawn", field, TensorProto.INT64)]
    return g.model(f"head_{field}", inputs, [_tensor("logits", len(bias))])
