"""A model small enough to follow by hand: the double that stands in for a trained one in tests.

`build` writes a note model and `build_token` a token model, as docs/model-contract.md has them.
`Predictor` and `TokenPredictor` are the same models in plain Python, for one row. The graphs must
give the same numbers, to the last bit.

Every state is a rolling hash of all events and controls of a row. If a row loses an event or gets
another row's state, all its later states differ. A key in ``[0, KEYS)`` made
from the states picks a row of a table of logits; row ``key`` of the table peaks at
``key % size``. Only key 0 of the note model's ``time_shift`` peaks at END, so a greedy piece ends after
about a hundred notes unless END is forbidden. All numbers are integers or eighths: exact in float32.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from vocabularies import size_of

KEYS = 97
HASH_MODULUS = 1_000_003
TRACE_MODULUS = 4093
HASH_FACTORS = (31, 57)
TRACE_FACTORS = (3, 5, 7)
EVENT_WEIGHTS = (11, 101, 1009, 10_007)
CONTROL_WEIGHTS = (100_003, 500_009)
CONTEXT_WEIGHTS = (1, 6, 11)
DRAWN_WEIGHTS = (13, 29, 41)

FIELDS: list[dict[str, Any]] = [
    {"name": "time_shift", "size": 9, "values": [0, 10, 50, 120, 250, 500, 1000, 2000]},
    {"name": "pitch", "size": 12, "values": [48, 50, 52, 53, 55, 57, 60, 62, 64, 65, 67, 69]},
    {"name": "velocity", "size": 4, "values": [32, 64, 96, 127]},
    {"name": "duration", "size": 6, "values": [50, 100, 250, 500, 1000, 3000]},
]
SIZES = tuple(field["size"] for field in FIELDS)
START_EVENT = SIZES
END = SIZES[0] - 1
CONTROLS: list[dict[str, Any]] = [
    {"name": "remaining", "size": 5, "unknown": 4, "bounds": [1000, 5000, 20_000]},
    {"name": "style", "size": 3, "unknown": 0, "names": ["unknown", "romantic", "ragtime"]},
]
UNKNOWN_CONTROL = (4, 0)
BANDS = {
    "notes_per_second": [0.5, 1.5],
    "mean_pitch": [48, 57],
    "distinct_pitches": [0, 11],
    "velocity_spread": [0, 31],
    "pitch_class_entropy": [0, 2.57],
}
"""Bands that neither model keeps to by itself."""

CRITIC_EVENTS, PHRASE_MS = 6, 5000

TOKENS = 16
TOKEN_START = TOKENS
RECENT_WEIGHTS = (2, 3, 5, 7)


def peak_of(field: int, key: int, size: int, ends: bool = True) -> int:
    """Return the likeliest id of a field under a key."""
    if field > 0 or not ends:
        return key % size
    return key % (size - 1) if key > 0 else size - 1


def logit_row(field: int, key: int, size: int, soft: bool = False, ends: bool = True) -> list[float]:
    """Logits of a field under a key: sharp enough for any draw to be greedy, or soft."""
    height = 2.0 if soft else 60.0
    row = [((7 * index + 5 * key) % 13) / 8 for index in range(size)]
    row[peak_of(field, key, size, ends)] += height
    return row


class Predictor:
    """The note model in plain Python, for one row."""

    def __init__(self, soft: bool = False) -> None:
        self.soft = soft
        self.hash = [0, 0]
        self.trace = [[0, 0, 0], [0, 0, 0]]

    def step(self, event: Sequence[int], control: Sequence[int] = UNKNOWN_CONTROL) -> list[float]:
        """Take an event and return the logits of the next event's first field."""
        inputs = _dot(event, EVENT_WEIGHTS) + _dot(control, CONTROL_WEIGHTS)
        self.hash = [(lane * f + inputs) % HASH_MODULUS for lane, f in zip(self.hash, HASH_FACTORS, strict=True)]
        self.trace = [
            [(cell * f + lane % KEYS) % TRACE_MODULUS for cell, f in zip(cells, TRACE_FACTORS, strict=True)]
            for cells, lane in zip(self.trace, self.hash, strict=True)
        ]
        return logit_row(0, sum(self.hash) % KEYS, SIZES[0], self.soft)

    def context(self) -> list[float]:
        """Return what the heads are given; float32 holds it exactly."""
        return [float(a + b) for a, b in zip(*self.trace, strict=True)]

    def head(self, drawn: Sequence[int]) -> list[float]:
        """Return the logits of the field after the ones drawn."""
        field = len(drawn)
        key = _dot([int(x) for x in self.context()], CONTEXT_WEIGHTS) + _dot(drawn, DRAWN_WEIGHTS)
        return logit_row(field, key % KEYS, SIZES[field], self.soft)

    def log_probabilities(self, events: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each id, one row for each event, from the start."""
        rows, last = [], START_EVENT
        for event in events:
            logits = [self.step(last), *(self.head(event[:field]) for field in range(1, len(SIZES)))]
            rows.append([_log_softmax(row)[drawn] for row, drawn in zip(logits, event, strict=True)])
            last = tuple(event)
        return np.array(rows)

    def next_event(
        self, event: Sequence[int], control: Sequence[int] = UNKNOWN_CONTROL, *, allow_end: bool = True
    ) -> tuple[int, ...]:
        """Take an event and return the likeliest next one; ids that tie go to the lowest."""
        logits = self.step(event, control)
        drawn = [_argmax(logits if allow_end else logits[:END])]
        while len(drawn) < len(SIZES):
            drawn.append(_argmax(self.head(drawn)))
        return tuple(drawn)

    def greedy(
        self, count: int, control: Sequence[int] = UNKNOWN_CONTROL, *, allow_end: bool = False
    ) -> list[tuple[int, ...]]:
        """Return `count` events from the start, or fewer when END is allowed and comes: END's is the last."""
        events: list[tuple[int, ...]] = []
        event: tuple[int, ...] = START_EVENT
        while len(events) < count and not (events and events[-1][0] == END):
            event = self.next_event(event, control, allow_end=allow_end)
            events.append(event)
        return events


class TokenPredictor:
    """The token model in plain Python, for one row."""

    def __init__(self, soft: bool = False) -> None:
        self.soft = soft
        self.hash = 0
        self.count = 0
        self.recent = [0, 0, 0, 0]

    def step(self, token: int) -> list[float]:
        """Take a token and return the logits of the next."""
        self.hash = (self.hash * HASH_FACTORS[0] + token * EVENT_WEIGHTS[1]) % HASH_MODULUS
        self.count += 1
        self.recent = [token, *self.recent[:3]]
        key = (self.hash + self.count + _dot(self.recent, RECENT_WEIGHTS)) % KEYS
        return logit_row(0, key, TOKENS, self.soft, ends=False)

    def greedy(self, count: int) -> list[int]:
        """Return the likeliest `count` tokens from the start."""
        tokens = [TOKEN_START]
        while len(tokens) <= count:
            tokens.append(_argmax(self.step(tokens[-1])))
        return tokens[1:]


def note_config(in_place: bool) -> dict[str, Any]:
    """Return config.json of the note model."""
    return {
        "format": 1,
        "name": "tiny",
        "fields": FIELDS,
        "start_event": list(START_EVENT),
        "context_width": 3,
        "controls": CONTROLS,
        "states": [
            {"input": "hash", "output": "next_hash", "type": "int64", "shape": [2]},
            {"input": "trace", "output": "next_trace", "type": "float32", "shape": [2, 3]},
        ],
        "states_in_place": in_place,
    }


def build(folder: str | Path, *, in_place: bool = True, soft: bool = False) -> Path:
    """Write the note model into `folder`, which is made if need be, and return it."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = note_config(in_place)
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    onnx.save(_step(soft), folder / "step.onnx")
    for field in range(1, len(SIZES)):
        onnx.save(_head(field, soft), folder / f"head_{field}.onnx")
    return folder


def add_critic(folder: Path, weight: int = 1) -> Path:
    """Add a critic whose logit is `weight` times the sum of the last ids of pitches, and return the folder."""
    g = Graph()
    weighted = g.op("Mul", "events", g.constant([0, weight, 0, 0]))
    total = g.op("ReduceSum", weighted, g.constant([1, 2]), keepdims=0)
    g.op("Unsqueeze", g.op("Cast", total, to=TensorProto.FLOAT), g.constant([1]), output="logit")
    logit = tensor("logit", 1, kind=TensorProto.FLOAT)
    onnx.save(g.model([tensor("events", CRITIC_EVENTS, len(SIZES))], [logit]), folder / "critic.onnx")
    entry = {"events": CRITIC_EVENTS, "phrase_ms": PHRASE_MS}
    change_config(folder, lambda config: config.update(format=2, critic=entry))
    return folder


def change_config(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the config.json of a model folder."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config)
    path.write_text(json.dumps(config), encoding="utf-8")


def build_token(
    folder: str | Path, *, in_place: bool = True, soft: bool = False, vocabulary: dict[str, Any] | None = None
) -> Path:
    """Write the token model, one field and no controls, into `folder` and return it.

    With a vocabulary, the model has as many tokens as it, and its config declares it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    size = TOKENS if vocabulary is None else size_of(vocabulary)
    config = {
        "format": 1 if vocabulary is None else 2,
        "name": "tiny-token",
        "fields": [{"name": "token", "size": size}],
        "start_event": [size],
        "controls": [],
        "states": [
            {"input": "hash", "output": "next_hash", "type": "int64", "shape": [1]},
            {"input": "count", "output": "next_count", "type": "int32", "shape": []},
            {"input": "recent", "output": "next_recent", "type": "uint8", "shape": [4]},
        ],
        "states_in_place": in_place,
    }
    if vocabulary is not None:
        config["vocabulary"] = vocabulary
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    onnx.save(_token_step(soft, size), folder / "step.onnx")
    return folder


class Graph:
    """Collects nodes; `op` adds one and names its result. IR 8 and opset 17 open in every runtime we take."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: Any, dtype: Any = np.int64) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        output = output or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def dot(self, name: str, weights: Sequence[int]) -> str:
        """(batch, n) int64 -> (batch, 1)."""
        product = self.op("Mul", name, self.constant(weights))
        return self.op("ReduceSum", product, self.constant([1]), keepdims=1)

    def logits(self, total: str, field: int, size: int, soft: bool, ends: bool = True) -> None:
        """Make the output `logits` from a (batch, 1) int64 sum."""
        key = self.op("Squeeze", self.op("Mod", total, self.constant(KEYS)), self.constant([1]))
        table = [logit_row(field, row, size, soft, ends) for row in range(KEYS)]
        self.op("Gather", self.constant(table, np.float32), key, output="logits")

    def model(self, inputs: list[Any], outputs: list[Any]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "tiny", inputs, outputs, self.constants)
        made = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
        onnx.checker.check_model(made, full_check=True)
        return made


def tensor(name: str, *row: int, kind: int = TensorProto.INT64) -> Any:
    """Declare a graph's input or output with the batch axis before one row's shape."""
    return helper.make_tensor_value_info(name, kind, ["batch", *row])


def _step(soft: bool) -> onnx.ModelProto:
    g = Graph()
    inputs = g.op("Add", g.dot("event", EVENT_WEIGHTS), g.dot("control", CONTROL_WEIGHTS))
    rolled = g.op("Add", g.op("Mul", "hash", g.constant(HASH_FACTORS)), inputs)
    g.op("Mod", rolled, g.constant(HASH_MODULUS), output="next_hash")

    lane = g.op("Unsqueeze", g.op("Mod", "next_hash", g.constant(KEYS)), g.constant([2]))
    scaled = g.op("Mul", "trace", g.constant(TRACE_FACTORS, np.float32))
    traced = g.op("Add", scaled, g.op("Cast", lane, to=TensorProto.FLOAT))
    g.op("Mod", traced, g.constant(TRACE_MODULUS, np.float32), output="next_trace", fmod=1)

    g.op("ReduceSum", "next_trace", g.constant([1]), output="context", keepdims=0)
    g.logits(g.dot("next_hash", (1, 1)), 0, SIZES[0], soft)
    states = [("hash", TensorProto.INT64, (2,)), ("trace", TensorProto.FLOAT, (2, 3))]
    inputs = [tensor("event", len(SIZES)), tensor("control", len(CONTROLS))]
    outputs = [
        tensor("logits", SIZES[0], kind=TensorProto.FLOAT),
        tensor("context", 3, kind=TensorProto.FLOAT),
    ]
    inputs += [tensor(name, *shape, kind=kind) for name, kind, shape in states]
    outputs += [tensor(f"next_{name}", *shape, kind=kind) for name, kind, shape in states]
    return g.model(inputs, outputs)


def _head(field: int, soft: bool) -> onnx.ModelProto:
    g = Graph()
    context = g.op("Cast", "context", to=TensorProto.INT64)
    total = g.op("Add", g.dot(context, CONTEXT_WEIGHTS), g.dot("drawn", DRAWN_WEIGHTS[:field]))
    g.logits(total, field, SIZES[field], soft)
    inputs = [tensor("context", 3, kind=TensorProto.FLOAT), tensor("drawn", field)]
    return g.model(inputs, [tensor("logits", SIZES[field], kind=TensorProto.FLOAT)])


def _token_step(soft: bool, size: int) -> onnx.ModelProto:
    g = Graph()
    inputs = g.op("Mul", "event", g.constant(EVENT_WEIGHTS[1]))
    rolled = g.op("Add", g.op("Mul", "hash", g.constant(HASH_FACTORS[0])), inputs)
    g.op("Mod", rolled, g.constant(HASH_MODULUS), output="next_hash")

    g.op("Add", "count", g.constant(1, np.int32), output="next_count")
    kept = g.op("Slice", "recent", g.constant([0]), g.constant([3]), g.constant([1]))
    g.op("Concat", g.op("Cast", "event", to=TensorProto.UINT8), kept, output="next_recent", axis=1)

    count = g.op("Unsqueeze", g.op("Cast", "next_count", to=TensorProto.INT64), g.constant([1]))
    recent = g.dot(g.op("Cast", "next_recent", to=TensorProto.INT64), RECENT_WEIGHTS)
    total = g.op("Add", g.op("Add", "next_hash", count), recent)
    g.logits(total, 0, size, soft, ends=False)
    states = [
        ("hash", TensorProto.INT64, (1,)),
        ("count", TensorProto.INT32, ()),
        ("recent", TensorProto.UINT8, (4,)),
    ]
    inputs = [tensor("event", 1), *(tensor(name, *shape, kind=kind) for name, kind, shape in states)]
    outputs = [tensor("logits", size, kind=TensorProto.FLOAT)]
    outputs += [tensor(f"next_{name}", *shape, kind=kind) for name, kind, shape in states]
    return g.model(inputs, outputs)


def _dot(values: Sequence[int], weights: Sequence[int]) -> int:
    return sum(value * weight for value, weight in zip(values, weights, strict=False))


def _log_softmax(row: Sequence[float]) -> NDArray[np.float64]:
    logits = np.array(row, np.float64)
    return logits - np.log(np.exp(logits).sum())


def _argmax(row: Sequence[float]) -> int:
    return row.index(max(row))
