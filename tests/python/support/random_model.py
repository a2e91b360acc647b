"""Note models with random weights and random tables: music that no rule of the form would expect."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tiny_model
from onnx import TensorProto
from tiny_model import CONTROL_WEIGHTS, CONTROLS, DRAWN_WEIGHTS, EVENT_WEIGHTS, HASH_MODULUS, KEYS, Graph, tensor

PITCHES = (1, 3, 12, 24, 40, 88)  # sizes of the keyboards


def build(folder: str | Path, number: int) -> Path:
    """Write random model `number` into `folder` and return it."""
    random = np.random.default_rng(number)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fields = _fields(random, PITCHES[number % len(PITCHES)])
    sizes = [field["size"] for field in fields]
    config: dict[str, Any] = {
        "format": 1,
        "name": f"random-{number}",
        "fields": fields,
        "start_event": sizes,
        "context_width": 1,
        "controls": CONTROLS,
        "states": [{"input": "hash", "output": "next_hash", "type": "int64", "shape": [1]}],
        "states_in_place": False,
    }
    if number % 2:
        config["bands"] = tiny_model.BANDS
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    tables = [_table(random, size) for size in sizes]
    tables[0][:, 0] -= 2  # or there would be little but chords
    onnx.save(_step(tables[0]), folder / "step.onnx")
    for field in range(1, len(sizes)):
        onnx.save(_head(field, tables[field]), folder / f"head_{field}.onnx")
    return folder


def _fields(random: np.random.Generator, pitches: int) -> list[dict[str, Any]]:
    def values(most: int, low: int, high: int, *first: int) -> list[int]:
        return sorted({*first, *random.integers(low, high, random.integers(1, most)).tolist()})

    tables = {
        "time_shift": values(12, 50, 5000, 0, int(random.choice([50, 120, 250]))),
        "pitch": sorted(random.permutation(128)[:pitches].tolist()),
        "velocity": values(8, 40, 128, 40),
        "duration": values(10, 1, 12_000),
    }
    return [
        {"name": name, "size": len(table) + (name == "time_shift"), "values": table} for name, table in tables.items()
    ]


def _table(random: np.random.Generator, size: int) -> Any:
    """Logits of a field under each key: likes and dislikes of the model, and of the key."""
    return random.normal(0, 2, size) + random.normal(0, random.choice([0.5, 4]), (KEYS, size))


def _gather(graph: Graph, total: str, table: Any) -> None:
    key = graph.op("Squeeze", graph.op("Mod", total, graph.constant(KEYS)), graph.constant([1]))
    graph.op("Gather", graph.constant(table, np.float32), key, output="logits")


def _step(table: Any) -> onnx.ModelProto:
    g = Graph()
    conditioned = g.op("Add", g.dot("event", EVENT_WEIGHTS), g.dot("control", CONTROL_WEIGHTS))
    rolled = g.op("Add", g.op("Mul", "hash", g.constant([31])), conditioned)
    g.op("Mod", rolled, g.constant(HASH_MODULUS), output="next_hash")
    g.op("Cast", "next_hash", to=TensorProto.FLOAT, output="context")
    _gather(g, "next_hash", table)
    inputs = [tensor("event", 4), tensor("control", len(CONTROLS)), tensor("hash", 1)]
    floats = {"kind": TensorProto.FLOAT}
    return g.model(
        inputs, [tensor("logits", table.shape[1], **floats), tensor("context", 1, **floats), tensor("next_hash", 1)]
    )


def _head(field: int, table: Any) -> onnx.ModelProto:
    g = Graph()
    total = g.op("Add", g.op("Cast", "context", to=TensorProto.INT64), g.dot("drawn", DRAWN_WEIGHTS[:field]))
    _gather(g, total, table)
    inputs = [tensor("context", 1, kind=TensorProto.FLOAT), tensor("drawn", field)]
    return g.model(inputs, [tensor("logits", table.shape[1], kind=TensorProto.FLOAT)])
