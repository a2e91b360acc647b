"""Build critic.onnx: boosted trees over figures of the last notes, which distinguish real music from a model's.

All figures are quotients of two sums of integers, and the leaves are multiples of `LEAF`, so that the graph gives the
same bits on every processor.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from training.graphs.builder import TREES_DOMAIN, Graph
from training.graphs.values import Value, join, ratio, stack

LEAF = 2.0**-10
"""The unit of the leaves: sums of them below 2^13 are exact in fp32."""
SPANS_MS = (15_000, 60_000)
"""The time before the last note that figures describe."""
PART_MS = 2_000
"""The length of the parts whose means are compared."""
MOMENTS = 60
"""Times at which sounding notes are counted."""
LATELY_MS = 10_000
TOGETHER_MS = 30
PIANO = range(21, 109)
SHIFT_EDGES = (1, 30, 80, 130, 180, 260, 400, 700, 1500)
DURATION_EDGES = (80, 150, 250, 400, 700, 1200, 2500)
INTERVAL_EDGES = (1, 2, 3, 5, 8, 12, 13, 20, 30)
VELOCITY_EDGES = (1, 3, 6, 10, 16, 25)
RECENT = 256
"""The notes among which rows of steps return."""
FAR_NOTES = 16
"""A row of steps returns if it occurred more notes ago than this."""


class Notes:
    """The last notes as values, each (batch, notes); missing notes come first and are not `there`."""

    def __init__(self, graph: Graph, tables: Mapping[str, Sequence[int]], count: int) -> None:
        self.count = count
        fields = []
        for i, (name, table) in enumerate(tables.items()):
            ids = Value(graph, "events").part(i, i + 1).squeeze(2)
            if name == "pitch":
                self.there = ids < len(table)
            fields.append(ids.rows([*table, 0, 0]))  # the ids of END and START have no values
        self.shift, self.pitch, self.velocity, self.duration = (of * self.there.integers() for of in fields)
        self.onset = self.shift.apply("CumSum", self.shift.constant(1))
        self.end = self.onset.part(count - 1, count)
        self.follows = self.there & _before(self.there.integers()).apply("Cast", to=TensorProto.BOOL)
        self.follows = self.follows & (self.onset.constant(np.arange(count)[None]) > 0)
        self.move, self.louder = _change(self.pitch), _change(self.velocity)

    def since(self, milliseconds: int) -> Value:
        """Return which notes are within this time before the last one."""
        return self.there & (self.end - self.onset < milliseconds)


def figures(notes: Notes) -> Value:
    """Return all figures, (batch, figures)."""
    returns = _returns(notes)
    columns = []
    for span in SPANS_MS:
        inside = notes.since(span)
        pairs = inside & notes.follows
        columns += [*_amounts(notes, inside), *_steps(notes, pairs), *_pitches(notes, inside)]
        columns += [*_parts(notes, inside, span), *_sounding(notes, span)]
        columns.append(_share(returns, _recent(pairs, notes.count)))
    return join(columns)


def _amounts(notes: Notes, inside: Value) -> list[Value]:
    amounts = stack([notes.pitch, notes.velocity, notes.duration])
    n = inside.count()
    return [ratio(n, n.constant(1)), *_spread(amounts, inside), _below(notes.duration, inside, DURATION_EDGES)]


def _steps(notes: Notes, pairs: Value) -> list[Value]:
    """Return figures of the way from each note to the next."""
    together, apart = pairs & (notes.shift < TOGETHER_MS), pairs & ~(notes.shift < TOGETHER_MS)
    size, louder = notes.move.apply("Abs"), notes.louder.apply("Abs")
    classes = _histogram(size % 12, together, range(12))
    same_way = (notes.move.apply("Sign") * _before(notes.move).apply("Sign")) > 0
    held = _before(notes.duration) > notes.shift
    again = [_change(of).equals(0) for of in (notes.move, notes.shift, notes.louder)]
    return [
        _below(notes.shift, pairs, SHIFT_EDGES),
        _below(size, together, INTERVAL_EDGES),
        _below(size, apart, INTERVAL_EDGES),
        _below(louder, pairs, VELOCITY_EDGES),
        ratio(classes, together.count()),
        _share(stack([*again, same_way, held]), pairs),
        *_spread(stack([louder]), pairs),
    ]


def _pitches(notes: Notes, inside: Value) -> list[Value]:
    n, one = inside.count(), inside.constant(1)
    ranked = _histogram(notes.pitch % 12, inside, range(12)).largest(12)
    lately = notes.since(LATELY_MS)
    distinct, few = ((_histogram(notes.pitch, among, PIANO) > 0).count() for among in (inside, lately))
    return [ratio(ranked, n), ratio(distinct, one), ratio(distinct, n), ratio(few, one), ratio(few, lately.count())]


def _parts(notes: Notes, inside: Value, span: int) -> list[Value]:
    """Return figures of how parts of two seconds differ."""
    begins = notes.end.constant(np.arange(0, span, PART_MS)[None, :, None])
    age = (notes.end - notes.onset).axis(1)
    within = inside.axis(1) & ~(age < begins) & (age < begins + PART_MS)
    sizes = within.count()  # (batch, parts, 1)
    filled = (sizes > 0).squeeze(2)
    sums = [(of.axis(1) * within.integers()).sum() * 64 for of in (notes.pitch, notes.velocity, notes.shift)]
    means = [(total // sizes.apply("Max", total.constant(1))).squeeze(2) for total in sums]
    return [*_spread(stack([sizes.squeeze(2), *means]), filled), ratio(filled.count(), filled.constant(1))]


def _sounding(notes: Notes, span: int) -> list[Value]:
    """Return figures of how many notes sound at `MOMENTS` moments."""
    ages = np.linspace(span, 0, MOMENTS, endpoint=False).astype(np.int64)
    moments = notes.end.axis(1) - notes.end.constant(ages[None, :, None])
    begun = ~(notes.onset.axis(1) > moments) & notes.there.axis(1)
    sounding = (begun & ((notes.onset + notes.duration).axis(1) > moments)).count().squeeze(2)
    after_first = (begun.count() > 0).squeeze(2)
    return [*_spread(stack([sounding]), after_first), _share(stack([sounding.equals(0)]), after_first)]


def _returns(notes: Notes) -> Value:
    """Return whether each recent note ends a row of steps that occurred before, for some kinds and lengths of rows.

    Pitches count only where their rhythm returns, too. A model that copies badly brings back pitches alone.
    """
    recent = min(RECENT, notes.count)
    place = notes.onset.constant(np.arange(recent)[None])
    far = place.axis(2) - place.axis(1) > FAR_NOTES
    follows = _recent(notes.follows, notes.count)
    there = follows.axis(2) & follows.axis(1) & far
    moves, times, louder = (
        _same(_recent(of, notes.count)) & there for of in (notes.move, _bins(notes.shift, SHIFT_EDGES), notes.louder)
    )
    found = []
    for same in (times, louder, moves & times):
        for length in (1, 2, 4):  # rows of two steps, then of four, then of eight
            same = same & _diagonal(same, length, recent)
            found.append((same.integers().highest() > 0).squeeze(2))
    return stack(found)


def _same(of: Value) -> Value:
    """Return which entries are equal, (batch, entries, entries)."""
    return of.axis(2).equals(of.axis(1))


def _recent(of: Value, count: int) -> Value:
    return of.part(max(0, count - RECENT), count)


def _diagonal(same: Value, by: int, count: int) -> Value:
    """Move a matrix of notes, (batch, notes, notes), along its diagonal; what enters is false."""
    kept = same.integers().part(0, count - by, 1).part(0, count - by, 2)
    return kept.apply("Pad", same.constant([0, by, by, 0, 0, 0])) > 0


def _before(of: Value) -> Value:
    """Return the entry of the note before, and of the first note itself."""
    return join([of.part(0, 1), of.part(0, -1)])


def _change(of: Value) -> Value:
    return of - _before(of)


def _spread(of: Value, among: Value) -> tuple[Value, Value]:
    """Return means and variances over notes, (batch, kinds), of kinds of amounts, (batch, kinds, notes)."""
    some, n = among.axis(1).integers(), among.count()
    total, squares = (of * some).sum().squeeze(2), (of * of * some).sum().squeeze(2)
    return ratio(total, n), ratio(n * squares - total * total, n * n)


def _bins(of: Value, edges: Sequence[int]) -> Value:
    """Return the number of edges that each entry reaches."""
    return (~(of.axis(1) < of.constant(np.array(edges)[None, :, None]))).count(1).squeeze(1)


def _below(of: Value, among: Value, edges: Sequence[int]) -> Value:
    """Return the share of notes below each edge, (batch, edges)."""
    return _share(of.axis(1) < of.constant(np.array(edges)[None, :, None]), among)


def _share(what: Value, among: Value) -> Value:
    """Return the share of notes with each property, (batch, properties)."""
    return ratio((what & among.axis(1)).count().squeeze(2), among.count())


def _histogram(of: Value, among: Value, values: Sequence[int]) -> Value:
    """Return the count of each of the values, (batch, values)."""
    equal = of.axis(1).equals(of.constant(np.array(values)[None, :, None])) & among.axis(1)
    return equal.count().squeeze(2)


def critic_graph(
    tables: Mapping[str, Sequence[int]], notes: int, trees: dict[str, Any] | None = None
) -> onnx.ModelProto:
    """Return critic.onnx; without `trees`, the graph of the figures alone, whose output is ``figures``."""
    graph = Graph("fp32")
    values = figures(Notes(graph, tables, notes))
    events = helper.make_tensor_value_info("events", TensorProto.INT64, ["batch", notes, len(tables)])
    if trees is None:
        graph.add("Identity", values.name, into="figures")
        output = helper.make_tensor_value_info("figures", TensorProto.FLOAT, ["batch", "figures"])
        return graph.model("figures", [events], [output])
    graph.add("TreeEnsembleRegressor", values.name, into="logit", domain=TREES_DOMAIN, **trees)
    output = helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["batch", 1])
    return graph.model("critic", [events], [output])


def tree_attributes(predictors: Sequence[Any], base: float) -> dict[str, Any]:
    """Return attributes of TreeEnsembleRegressor for the trees of a HistGradientBoostingClassifier."""
    columns: dict[str, list[Any]] = {name: [] for name in (*NODES, *LEAVES)}
    for tree, (predictor,) in enumerate(predictors):
        for index, node in enumerate(predictor.nodes):
            leaf = bool(node["is_leaf"])
            entries = (tree, index, "LEAF" if leaf else "BRANCH_LEQ", int(node["feature_idx"]))
            branches = (0, 0) if leaf else (int(node["left"]), int(node["right"]))
            threshold = 0.0 if leaf else float(np.float32(node["num_threshold"]))
            for name, value in zip(NODES, (*entries, threshold, *branches), strict=True):
                columns[name].append(value)
            if leaf:
                for name, value in zip(LEAVES, (tree, index, 0, _rounded(node["value"])), strict=True):
                    columns[name].append(value)
    return columns | {"n_targets": 1, "base_values": [_rounded(base)]}


NODES = (
    "nodes_treeids", "nodes_nodeids", "nodes_modes", "nodes_featureids", "nodes_values", "nodes_truenodeids",
    "nodes_falsenodeids",
)  # fmt: skip
LEAVES = ("target_treeids", "target_nodeids", "target_ids", "target_weights")


def _rounded(leaf: float | NDArray[np.float64]) -> float:
    return float(np.rint(np.float64(leaf) / LEAF) * LEAF)
