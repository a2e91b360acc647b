"""Puts ONNX graphs together, and quantises their products."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

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

Precision: TypeAlias = Literal["fp32", "fp16", "int8"]
"""What the products are computed in; all between them, and the states, stay fp32."""
# Columns from which, for one row, MatMulInteger with three nodes after it takes less time than MatMulIntegerToFloat,
# which does the same: a step of the built-in model 78 us in place of 90. For 64 rows they take as long.
WIDE = 512

Floats = NDArray[np.float32]
"""A product's weights are (inputs, outputs), a table of embeddings is (ids, width)."""


class Graph:
    """Collects nodes and constants; a method that adds a node returns the name of its output."""

    def __init__(self, precision: Precision) -> None:
        self._precision = precision
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
        total = self.add("Gather", table, ids, into=f"{name}_each", axis=0)
        if len(tables) > 1 and self._precision == "int8":  # on a CPU, a product with ones takes half as long
            ones = self.constant(f"{name}_ones", np.ones((1, len(tables))), np.float32)
            total = self.add("MatMul", ones, total, into=f"{name}_total")
        elif len(tables) > 1:  # on a GPU it would carry addresses up at every step, ReduceSum needs cuDNN
            each = self.split(total, {f"{name}_each_{place}": 1 for place in range(len(tables))})
            total = self.add("Sum", *each, into=f"{name}_total")
        shape = self.constant(f"{name}_shape", [-1, tables[0].shape[1]], np.int64)
        return self.add("Reshape", total, shape, into=f"{name}_sum")

    def product(self, name: str, given: str, weight: Floats, bias: Floats | None = None) -> str:
        """``given @ weight + bias``; for int8, `given` lies in [-1, 1]; what does not is cut off.

        So the int8 form quantises it with a fixed scale, and a row's bits do not depend on its neighbours, as they
        would with a scale taken over the batch.
        """
        kind = np.float16 if self._precision == "fp16" else np.float32
        biases = [] if bias is None else [self.constant(f"{name}_bias", bias, kind)]
        if self._precision != "int8":
            factors = [given, self.constant(f"{name}_weight", weight, kind), *biases]
            if self._precision == "fp32":
                return self.add("Gemm", *factors, into=name)
            factors[0] = self.add("Cast", given, into=f"{name}_given", to=TensorProto.FLOAT16)
            half = self.add("Gemm", *factors, into=f"{name}_half")
            return self.add("Cast", half, into=name, to=TensorProto.FLOAT)
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
