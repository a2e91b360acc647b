"""Build the graphs of a `NoteModel`: one step, and one head for each further field.

A model with one field has no context, and a model without controls has no such input (docs/model-contract.md).
"""

from types import ModuleType
from typing import Any

import onnx
from onnx import TensorProto, helper

from training.graphs import attentive_lstm, lstm, transformer
from training.graphs.builder import Floats, Graph, Precision, array
from training.graphs.calibration import Ranges
from training.model import NoteModel

# The module of each backbone's class, by name; it has `states` and `hear`, as in `lstm`.
GRAPHS: dict[str, ModuleType] = {
    "LSTM": lstm,
    "AttentiveLSTM": attentive_lstm,
    "Transformer": transformer,
    "RelativeTransformer": transformer,
}
TYPES = {
    "float32": TensorProto.FLOAT,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
}


def states(model: NoteModel) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    declared: list[dict[str, Any]] = _graphs(model).states(model.backbone)
    return declared


def step_graph(model: NoteModel, precision: Precision, ranges: Ranges | None) -> onnx.ModelProto:
    """Return step.onnx; int8 needs the `ranges` of its inputs."""
    g = Graph(precision)
    ids = g.add("Concat", "event", "control", into="ids", axis=1) if len(model.controls) else "event"
    tables = [*_tables(model.events), *_tables(model.controls)]
    heard, weight = _graphs(model).hear(g, model.backbone, ids, tables, array(model.out.weight).T, ranges)
    first, further = len(model.out.bias) - model.context_width, model.context_width
    told = g.product("told" if further else "logits", heard, weight, array(model.out.bias))
    if further:
        g.split(told, {"logits": first, "context": further})

    declared = states(model)
    inputs = [
        _tensor("event", [len(model.events)], TensorProto.INT64),
        *([_tensor("control", [len(model.controls)], TensorProto.INT64)] if len(model.controls) else []),
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
    g.head("context", begin, "drawn", tables, array(head.weight).T, array(head.bias))
    inputs = [_tensor("context", [model.context_width]), _tensor("drawn", [field], TensorProto.INT64)]
    return g.model(f"head_{field}", inputs, [_tensor("logits", [len(head.bias)])])


def _tables(modules: Any) -> list[Floats]:
    return [array(table.weight) for table in modules]


def _graphs(model: NoteModel) -> ModuleType:
    return GRAPHS[type(model.backbone).__name__]


def _tensor(name: str, shape: list[int], kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, ["batch", *shape])
