"""A model whose graphs are copies, which is all that the double of CUDA carries out."""

import json
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

WIDTH = 3
TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "uint8": TensorProto.UINT8}
FIELDS = [{"name": "one", "size": WIDTH}, {"name": "two", "size": WIDTH}]


def build(folder: Path, *, in_place: bool) -> Path:
    """Write the model into `folder` and return it.

    Logits of field 0 are state ``a``, those of field 1 state ``b``. A step writes the event into ``last_event``; unless
    in place, it swaps ``a`` and ``b``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    states = [
        {"input": "a", "output": "next_a", "type": "float32", "shape": [WIDTH]},
        {"input": "b", "output": "next_b", "type": "float32", "shape": [WIDTH]},
        {"input": "last_event", "output": "next_last_event", "type": "int64", "shape": [len(FIELDS)]},
        {"input": "odd", "output": "next_odd", "type": "uint8", "shape": [5]},
    ]
    first, second = ("a", "b") if in_place else ("b", "a")
    copies = {
        "logits": "a",
        "context": "b",
        "next_a": first,
        "next_b": second,
        "next_last_event": "event",
        "next_odd": "odd",
    }
    inputs = [_tensor("event", "int64", [len(FIELDS)]), *(_tensor(s["input"], s["type"], s["shape"]) for s in states)]
    outputs = [_tensor(name, "float32", [WIDTH]) for name in ("logits", "context")]
    outputs += [_tensor(s["output"], s["type"], s["shape"]) for s in states]
    _save(folder / "step.onnx", copies, inputs, outputs)
    inputs = [_tensor("context", "float32", [WIDTH]), _tensor("drawn", "int64", [1])]
    _save(folder / "head_1.onnx", {"logits": "context"}, inputs, [_tensor("logits", "float32", [WIDTH])])
    config = {"format": 1, "name": "identity", "fields": FIELDS, "start_event": [WIDTH, WIDTH]}
    config |= {"context_width": WIDTH, "controls": [], "states": states, "states_in_place": in_place}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def _tensor(name: str, kind: str, row: list[int]) -> Any:
    return helper.make_tensor_value_info(name, TYPES[kind], ["batch", *row])


def _save(path: Path, copies: dict[str, str], inputs: list[Any], outputs: list[Any]) -> None:
    nodes = [helper.make_node("Identity", [source], [name]) for name, source in copies.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs)
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), path)
