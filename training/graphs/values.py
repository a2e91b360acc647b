"""Write ONNX graphs as expressions of integers: each operator adds a node.

Sums of integers are exact, so a graph of them gives the same bits on every processor and in any batch.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from onnx import TensorProto

from training.graphs.builder import Graph

Operand: TypeAlias = "Value | int"


class Value:
    """A tensor of a graph, of type int64 or, after a comparison, bool. Axes broadcast as in NumPy."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def __add__(self, other: Operand) -> "Value":
        return self.apply("Add", other)

    def __sub__(self, other: Operand) -> "Value":
        return self.apply("Sub", other)

    def __mul__(self, other: Operand) -> "Value":
        return self.apply("Mul", other)

    def __floordiv__(self, other: Operand) -> "Value":
        return self.apply("Div", other)  # toward zero

    def __mod__(self, other: Operand) -> "Value":
        return self.apply("Mod", other)

    def __lt__(self, other: Operand) -> "Value":
        return self.apply("Less", other)

    def __gt__(self, other: Operand) -> "Value":
        return self.apply("Greater", other)

    def __and__(self, other: "Value") -> "Value":
        return self.apply("And", other)

    def __invert__(self) -> "Value":
        return self.apply("Not")

    def equals(self, other: Operand) -> "Value":
        """Return whether entries are equal."""
        return self.apply("Equal", other)

    def apply(self, kind: str, *others: Operand, **attributes: Any) -> "Value":
        """Return the output of an operator."""
        names = [self._name(other) for other in others]
        return Value(self.graph, self.graph.add(kind, self.name, *names, into=self.graph.new_name(), **attributes))

    def integers(self) -> "Value":
        """Return a bool as 0 or 1, and whole numbers in float32 as they are."""
        return self.apply("Cast", to=TensorProto.INT64)

    def sum(self, axis: int = -1) -> "Value":
        """Return the sum over an axis, which stays with the length 1."""
        return self.apply("ReduceSum", self.constant([axis]))

    def count(self, axis: int = -1) -> "Value":
        """Return how many entries of an axis are true; the axis stays with the length 1."""
        real = self.apply("Cast", to=TensorProto.FLOAT)  # such small sums are exact, and faster
        return real.sum(axis).integers()

    def highest(self, axis: int = -1) -> "Value":
        """Return the largest entry over an axis, which stays with the length 1."""
        return self.apply("ReduceMax", axes=[axis], keepdims=1)

    def largest(self, count: int) -> "Value":
        """Return the largest entries of the last axis, in descending order."""
        name = self.graph.new_name()
        self.graph.add("TopK", self.name, self.constant([count]).name, into=name, more=[f"{name}_places"])
        return Value(self.graph, name)

    def part(self, begin: int, end: int, axis: int = -1) -> "Value":
        """Return a slice of an axis."""
        return self.apply("Slice", *(self.constant([number]) for number in (begin, end, axis)))

    def squeeze(self, axis: int) -> "Value":
        """Remove an axis of length 1."""
        return self.apply("Squeeze", self.constant([axis]))

    def axis(self, at: int) -> "Value":
        """Add an axis of length 1."""
        return self.apply("Unsqueeze", self.constant([at]))

    def rows(self, table: Sequence[int]) -> "Value":
        """Return the table's entries at these indices."""
        return self.constant(table).apply("Gather", self, axis=0)

    def constant(self, numbers: Any) -> "Value":
        """Add a constant of int64 to the graph."""
        return Value(self.graph, self.graph.integers(numbers))

    def _name(self, other: Operand) -> str:
        return other.name if isinstance(other, Value) else self.constant(other).name


def ratio(above: Value, below: Value) -> Value:
    """Return a quotient in float32, whose denominator counts as at least 1."""
    parts = [above.apply("Cast", to=TensorProto.FLOAT), below.apply("Max", 1).apply("Cast", to=TensorProto.FLOAT)]
    return parts[0].apply("Div", parts[1])


def join(values: Sequence[Value], axis: int = -1) -> Value:
    """Concatenate values along an axis."""
    return values[0].apply("Concat", *values[1:], axis=axis)


def stack(values: Sequence[Value]) -> Value:
    """Join values, (batch, notes), as (batch, values, notes)."""
    return join([value.axis(1) for value in values], axis=1)
