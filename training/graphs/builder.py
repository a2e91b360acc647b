"""Assemble ONNX graphs, and quantise their products."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.graphs.functions import DOMAIN, INPUT_SCALE, NORM_EPSILON, VERSION, functions

IR_VERSION, OPSET = 8, 17  # supported by every ONNX Runtime since 1.19
RUNTIME_DOMAIN = "com.microsoft"
TREES_DOMAIN, TREES_VERSION = "ai.onnx.ml", 3
# With 7 bits, the sum of two products fits the 16 bits in which processors without VNNI add them.
WEIGHT_MAX = 63

Precision: TypeAlias = Literal["fp32", "fp16", "int8"]
"""The number format of the products; everything else, including the states, is fp32."""
Floats = NDArray[np.float32]
"""The weights of a product, (inputs, outputs), or a table of embeddings, (ids, width)."""


class Graph:
    """Nodes and constants of a graph; a method that adds a node returns the name of its output."""

    def __init__(self, precision: Precision) -> None:
        self._precision = precision
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._integers_of: dict[tuple[tuple[int, ...], bytes], str] = {}

    def constant(self, name: str, values: Any, kind: Any) -> str:
        """Add a constant, unless there is one of this name."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(values, kind), name)
        return name

    def integers(self, values: Any) -> str:
        """Add a constant of int64, unless there is an equal one."""
        array = np.asarray(values, np.int64)
        name = self._integers_of.setdefault((array.shape, array.tobytes()), f"integers_{len(self._integers_of)}")
        return self.constant(name, array, np.int64)

    def new_name(self) -> str:
        """Return a name for a value that has no meaning of its own."""
        return f"value_{len(self._nodes)}"

    def add(
        self, kind: str, *inputs: str, into: str, more: Sequence[str] = (), domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with the outputs `into` and `more`."""
        self._nodes.append(helper.make_node(kind, inputs, [into, *more], domain=domain, **attributes))
        return into

    def add_ours(self, kind: str, *inputs: str, into: str, more: Sequence[str] = ()) -> str:
        """Add a node of a function of the domain ``longplay`` (`training.graphs.functions`)."""
        return self.add(kind, *inputs, into=into, more=more, domain=DOMAIN)

    def split(self, whole: str, parts: dict[str, int]) -> list[str]:
        """Split columns into named parts of these widths."""
        widths = self.constant("widths_" + "_".join(map(str, parts.values())), list(parts.values()), np.int64)
        self._nodes.append(helper.make_node("Split", [whole, widths], list(parts), axis=1))
        return list(parts)

    def embeddings(self, name: str, ids: str, tables: Sequence[Floats]) -> str:
        """Add the sum of one row of every table: ids (batch, tables) -> (batch, width)."""
        if self._precision == "int8":
            return self.add_ours("EmbeddingSum", ids, *self._begins_and_table(name, tables), into=f"{name}_sum")
        table = self.add("Cast", self._table(name, tables), into=f"{name}_rows", to=TensorProto.FLOAT)
        if len(tables) > 1:
            ids = self.add("Add", ids, self._begins(name, tables), into=f"{name}_ids")
        total = self.add("Gather", table, ids, into=f"{name}_each", axis=0)
        if len(tables) > 1:  # on a GPU the function's product would upload addresses at every step
            each = self.split(total, {f"{name}_each_{index}": 1 for index in range(len(tables))})
            total = self.add("Sum", *each, into=f"{name}_total")
        shape = self.constant(f"{name}_shape", [-1, tables[0].shape[1]], np.int64)
        return self.add("Reshape", total, shape, into=f"{name}_sum")

    def head(
        self,
        context: str,
        begin: int,
        drawn: str,
        tables: Sequence[Floats],
        weight: Floats,
        bias: Floats,
        *,
        into: str = "logits",
    ) -> str:
        """Add the logits of a head, from its part of the context, at `begin`, and the fields drawn, (batch, tables)."""
        first = self.constant("begin", [begin], np.int64)
        if self._precision == "int8":
            known = self._begins_and_table("drawn", tables)
            factors = [*self._integers(into, weight), self._real(f"{into}_bias", bias)]
            return self.add_ours("Int8Head", context, first, drawn, *known, *factors, into=into)
        end, axis = self.constant("end", [begin + len(weight)], np.int64), self.constant("axis", [1], np.int64)
        part = self.add("Slice", context, first, end, axis, into="part")
        total = self.add("Add", part, self.embeddings("drawn", drawn, tables), into="hidden_sum")
        return self.product(into, self.add("Tanh", total, into="hidden"), weight, bias)

    def product(self, name: str, given: str, weight: Floats, bias: Floats | None = None) -> str:
        """Add ``given @ weight + bias``; for int8, `given` is clipped to [-1, 1].

        The int8 form quantises `given` with a fixed scale. A row's bits therefore do not depend on the other rows, as
        they would with a scale computed over the batch.
        """
        if self._precision == "int8":
            biases = np.zeros(weight.shape[1]) if bias is None else bias
            factors = [*self._integers(name, weight), self._real(f"{name}_bias", biases)]
            return self.add_ours("Int8Linear", given, *factors, into=name)
        kind = np.float16 if self._precision == "fp16" else np.float32
        factors = [given, self.constant(f"{name}_weight", weight, kind)]
        if bias is not None:
            factors.append(self.constant(f"{name}_bias", bias, kind))
        if self._precision == "fp32":
            return self.add("Gemm", *factors, into=name)
        factors[0] = self.add("Cast", given, into=f"{name}_given", to=TensorProto.FLOAT16)
        half = self.add("Gemm", *factors, into=f"{name}_half")
        return self.add("Cast", half, into=name, to=TensorProto.FLOAT)

    def norm(self, name: str, stream: str, branch: str, gain: Floats) -> tuple[str, str]:
        """Add the norm of `stream`, or of its sum with `branch` if that is given; return the norm and the sum."""
        factors, total, ours = self._real(f"{name}.gain", gain), f"{name}.sum", self._precision == "int8"
        if branch and ours:
            return self.add_ours("AddNorm", stream, branch, factors, into=name, more=[total]), total
        if ours:
            return self.add_ours("Norm", stream, factors, into=name), stream
        if not branch:
            return self.add("LayerNormalization", stream, factors, into=name, epsilon=NORM_EPSILON), stream
        given, more = [stream, branch, factors], ["", "", total]
        kind, domain = "SkipLayerNormalization", RUNTIME_DOMAIN
        return self.add(kind, *given, into=name, more=more, domain=domain, epsilon=NORM_EPSILON), total

    def gated_unit(self, name: str, both: str, units: int) -> str:
        """Add the SiLU of the first `units` columns of `both` times the others."""
        if self._precision == "int8":
            return self.add_ours("GatedUnit", both, into=f"{name}gated")
        gate, value = self.split(both, {f"{name}gate": units, f"{name}up": units})
        opened = self.add("QuickGelu", gate, into=f"{name}opened", domain=RUNTIME_DOMAIN, alpha=1.0)  # the SiLU
        return self.add("Mul", opened, value, into=f"{name}gated")

    def lstm_cell(self, number: int, given: str, weight: Floats, bias: Floats | str) -> str:
        """Add h and c of a cell and return h; `bias` has gates for all rows, or names a value with each row's gates."""
        name, before = f"gates{number}", f"c{number}"
        if self._precision == "int8":
            biases = bias if isinstance(bias, str) else self._real(f"{name}_bias", bias)
            kind, inputs = "Int8LSTMCell", [given, before, *self._integers(name, weight), biases]
        elif isinstance(bias, str):
            gates = self.add("Add", bias, self.product(name, given, weight), into=f"{name}_sum")
            kind, inputs = "LSTMGates", [gates, before]
        else:
            kind, inputs = "LSTMGates", [self.product(name, given, weight, bias), before]
        return self.add_ours(kind, *inputs, into=f"next_h{number}", more=[f"next_c{number}"])

    def _begins(self, name: str, tables: Sequence[Floats]) -> str:
        """Add the index of each table's first row in the concatenation of all tables."""
        return self.constant(f"{name}_begins", np.cumsum([0, *(len(table) for table in tables[:-1])]), np.int64)

    def _table(self, name: str, tables: Sequence[Floats]) -> str:
        """Add the concatenation of all tables, in 16 bits."""
        return self.constant(f"{name}_tables", np.concatenate(tables), np.float16)

    def _begins_and_table(self, name: str, tables: Sequence[Floats]) -> tuple[str, str]:
        table = self._table(name, tables)
        return self._begins(name, tables), table

    def _integers(self, name: str, weight: Floats) -> tuple[str, str]:
        """Add the weight and the scale of an int8 product."""
        integers, scale = quantise(weight)
        return self.constant(f"{name}_weight", integers, np.int8), self._real(f"{name}_scale", scale * INPUT_SCALE)

    def _real(self, name: str, values: Any) -> str:
        return self.constant(name, values, np.float32)

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> onnx.ModelProto:
        """Return the whole model, checked."""
        graph = helper.make_graph(self._nodes, name, inputs, outputs, list(self._constants.values()))
        domains = [("", OPSET), (RUNTIME_DOMAIN, 1), (DOMAIN, VERSION)]
        if any(node.domain == TREES_DOMAIN for node in self._nodes):
            domains.append((TREES_DOMAIN, TREES_VERSION))
        opsets = [helper.make_opsetid(*each) for each in domains]
        named = functions(self._nodes, OPSET)
        model = helper.make_model(graph, ir_version=IR_VERSION, opset_imports=opsets, functions=named)
        onnx.checker.check_model(model)
        return model


def array(weight: Any) -> Floats:
    """Return a weight of torch as an array of NumPy."""
    values: Floats = weight.detach().float().numpy()
    return values


def quantise(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return integers and one scale per column, with ``integers * scale`` near `weight`."""
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-8) / WEIGHT_MAX
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
