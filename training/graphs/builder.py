"""Puts ONNX graphs together, and quantises their products."""

from collections.abc import Sequence
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

# Columns from which, for one row, MatMulInteger with three nodes after it takes less time than MatMulIntegerToFloat,
# which does the same: a step of the built-in model 78 us in place of 90. For 64 rows they take as long.
WIDE = 512

Floats = NDArray[np.float32]
"""A product's weights are (inputs, outputs), a table of embeddings is (ids, width)."""


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

    def add(
        self, kind: str, *inputs: str, into: str, more: Sequence[str] = (), domain: str = "", **attributes: Any
    ) -> str:
        """Add a node; `more` are its outputs after the first."""
        self._nodes.append(helper.make_node(kind, inputs, [into, *more], domain=domain, **attributes))
        return into

    def split(self, whole: str, parts: dict[str, int]) -> list[str]:
        """Cut columns into named parts of these widths."""
        widths = self.constant("widths_" + "_".join(map(str, parts.values())), list(parts.values()), np.int64)
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
        if len(tables) > 1:
            # A product with ones takes half as long as ReduceSum.
            ones = self.constant(f"{name}_ones", np.ones((1, len(tables))), np.float32)
            rows = self.add("MatMul", ones, rows, into=f"{name}_total")
        shape = self.constant(f"{name}_shape", [-1, tables[0].shape[1]], np.int64)
        return self.add("Reshape", rows, shape, into=f"{name}_sum")

    def product(self, name: str, given: str, weight: Floats, bias: Floats | None = None) -> str:
        """``given @ weight + bias``; `given` lies in [-1, 1]; int8 cuts off what does not.

        So the int8 form quantises it with a fixed scale, and a row's bits do not depend on its neighbours, as they
        would with a scale taken over the batch.
        """
        biases = [] if bias is None else [self.constant(f"{name}_bias", bias, np.float32)]
        if not self._int8:
            weight_name = self.constant(f"{name}_weight", weight, np.float32)
            return self.add("Gemm", given, weight_name, *biases, into=name)
        integers, scale = quantise(weight)
        activation_scale = self.constant("activation_scale", ACTIVATION_SCALE, np.float32)
        activation_zero = self.constant("activation_zero", ACTIVATION_ZERO, np.uint8)
        quantised = self.add("QuantizeLinear", given, activation_scale, activation_zero, into=f"{name}_given")
        weight_name = self.constant(f"{name}_weight", integers, np.int8)
        if len(scale) >= WIDE:
            whole = self.add("MatMulInteger", quantised, weight_name, activation_zero, into=f"{name}_whole")
            cast = self.add("Cast", whole, into=f"{name}_cast", to=TensorProto.FLOAT)
            both_scales = self.constant(f"{name}_both_scales", scale * ACTIVATION_SCALE, np.float32)
            if not biases:
                return self.add("Mul", cast, both_scales, into=name)
            return self.add("Add", self.add("Mul", cast, both_scales, into=f"{name}_scaled"), *biases, into=name)
        return self.add(
            "MatMulIntegerToFloat",
            quantised,
            weight_name,
            activation_scale,
            self.constant(f"{name}_scale", scale, np.float32),
            activation_zero,
            "",  # the weights' zero point is 0
            *biases,
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


def array(weight: Any) -> Floats:
    """Return a weight of torch as NumPy's array."""
    values: Floats = weight.detach().float().numpy()
    return values


def quantise(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Integers and one scale per column, with ``integers * scale`` near `weight`."""
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-8) / WEIGHT_MAX
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
