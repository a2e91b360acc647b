"""Build the graphs of a `NoteModel`: one step, and one head for each further field.

A model with one field has no context, and a model without controls has no such input (docs/model-contract.md).
"""

from types import ModuleType
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from training.backbones.far_transformer import FarTransformer
from training.graphs import far_transformer, lstm, transformer
from training.graphs.builder import Floats, Graph, Precision, array
from training.graphs.calibration import Ranges
from training.model import PITCH, NoteModel

# The module of each backbone's class, by name; it has `states` and `add_step`, as in `lstm`.
GRAPHS: dict[str, ModuleType] = {
    "LSTM": lstm,
    "Transformer": transformer,
    "RelativeTransformer": transformer,
    "FarTransformer": far_transformer,
}
TYPES = {
    "float32": TensorProto.FLOAT,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "float16": TensorProto.FLOAT16,
    "int8": TensorProto.INT8,
}


PITCH_BEFORE = {"input": "pitch_before", "output": "next_pitch_before", "type": "int64", "shape": [1]}


def states(model: NoteModel) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    declared: list[dict[str, Any]] = _graphs(model).states(model.backbone)
    return [*declared, PITCH_BEFORE] if model.pitches else declared


def seed_events(model: NoteModel) -> int:
    """Return ``seed_events`` of the config.json; if not 0, the step has an input that marks events of the seed."""
    return model.backbone.kept if isinstance(model.backbone, FarTransformer) else 0


def step_graph(model: NoteModel, precision: Precision, ranges: Ranges | None) -> onnx.ModelProto:
    """Return step.onnx; int8 needs the `ranges` of its inputs."""
    g = Graph(precision)
    ids = g.add("Concat", "event", "control", into="ids", axis=1) if len(model.controls) else "event"
    tables = [*_tables(model.events), *_tables(model.controls)]
    if model.intervals is not None:
        ids = g.add("Concat", ids, _interval(g, model), into="all_ids", axis=1)
        tables.append(array(model.intervals.weight))
    output, weight = _graphs(model).add_step(g, model.backbone, ids, tables, array(model.out.weight).T, ranges)
    further = model.context_width
    first = len(model.out.bias) - further - model.pitches
    # Names of tensors are those of the built-in models' files, in which benchmarks.peers looks them up.
    projected = g.product("told" if further else "logits", output, weight, array(model.out.bias))
    if model.pitches:
        parts = {"logits": first, "further": further - model.pitches, "moves": 2 * model.pitches}
        _, without, moves = g.split(projected, parts)
        every = g.constant("pitches", np.arange(model.pitches, 2 * model.pitches)[None], np.int64)
        by_pitch = g.add("Sub", every, "pitch", into="places_of_pitches")
        moved = g.add("GatherElements", moves, by_pitch, into="moved", axis=1)
        g.add("Concat", without, moved, into="context", axis=1)
    elif further:
        g.split(projected, {"logits": first, "context": further})

    declared = states(model)
    inputs = [
        _tensor("event", [len(model.events)], TensorProto.INT64),
        *([_tensor("control", [len(model.controls)], TensorProto.INT64)] if len(model.controls) else []),
        *([_tensor("seed", [1], TensorProto.INT64)] if seed_events(model) else []),
        *(_tensor(state["input"], state["shape"], TYPES[state["type"]]) for state in declared),
    ]
    outputs = [
        _tensor("logits", [first]),
        *([_tensor("context", [further])] if further else []),
        *(_tensor(state["output"], state["shape"], TYPES[state["type"]]) for state in declared),
    ]
    return g.model("step", inputs, outputs)


def head_graph(model: NoteModel, field: int, precision: Precision) -> onnx.ModelProto:
    """Return head_`field`.onnx."""
    g = Graph(precision)
    head: Any = model.heads[field - 1]
    begin = (field - 1) * model.head_width
    tables = _tables(model.drawn[field - 1])
    moved = model.pitches and field == PITCH
    into = "logits_alone" if moved else "logits"
    g.head("context", begin, "drawn", tables, array(head.weight).T, array(head.bias), into=into)
    if moved:
        ends = [model.context_width - model.pitches, model.context_width]
        bounds = [g.constant(f"moved_{name}", [end], np.int64) for name, end in zip(("from", "to"), ends, strict=True)]
        part = g.add("Slice", "context", *bounds, g.constant("columns", [1], np.int64), into="moved")
        g.add("Add", into, part, into="logits")
    inputs = [_tensor("context", [model.context_width]), _tensor("drawn", [field], TensorProto.INT64)]
    return g.model(f"head_{field}", inputs, [_tensor("logits", [len(head.bias)])])


def _interval(g: Graph, model: NoteModel) -> str:
    """Add ``pitch``, and return the id of its interval from the pitch before, (batch, 1)."""
    field, one = g.constant("pitch_field", [PITCH], np.int64), g.constant("field_after", [PITCH + 1], np.int64)
    pitch = g.add("Slice", "event", field, one, g.constant("columns", [1], np.int64), into="pitch")
    # The node that reads the state also writes it, because input and output share their memory.
    both = g.add("Concat", "pitch_before", pitch, into="pitch_twice", axis=1)
    before, _ = g.split(both, {"before_pitch": 1, "next_pitch_before": 1})
    apart = g.add("Sub", pitch, before, into="apart")
    return g.add("Add", apart, g.constant("none_apart", model.pitches, np.int64), into="interval")


def _tables(modules: Any) -> list[Floats]:
    return [array(table.weight) for table in modules]


def _graphs(model: NoteModel) -> ModuleType:
    return GRAPHS[type(model.backbone).__name__]


def _tensor(name: str, shape: list[int], kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, ["batch", *shape])
