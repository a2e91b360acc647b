"""Build the graph of one step of `training.recipes.melody_rnn`."""

from typing import TYPE_CHECKING, Any

import numpy as np

from longplay.importing.nodes import Nodes
from training.recipes.melodies import BAR, EVENTS
from training.recipes.steps import add_linear, add_lstm, state

if TYPE_CHECKING:
    from training.recipes.melody_rnn import MelodyRnn

PAST = 2 * BAR
BITS = 5
ATTENDED = 40


def graph(model: "MelodyRnn") -> tuple[bytes, list[dict[str, Any]]]:
    """Return step.onnx of a MelodyRNN, and its states: past events, their number, and those of the layers."""
    nodes, states = Nodes(), [state("past", "int64", PAST), state("count", "int64", 1)]
    events = nodes.add("Concat", "past", "event", axis=1)  # the last 33
    whole = (nodes.integers(1), nodes.integers(PAST + 1), nodes.integers(1))
    nodes.add("Slice", events, *whole, into="next_past")
    nodes.add("Add", "count", nodes.integers(1), into="next_count")
    x = _inputs(nodes, events, model.kind != "basic")
    if model.kind == "attention":
        output, more = _attend(nodes, model, x)
    else:
        output, _, more = add_lstm(nodes, model.lstm, x)
    if model.kind == "basic":
        add_linear(nodes, model.out, output, into="logits")
    else:
        _fold(nodes, add_linear(nodes, model.out, output), events)
    states += more
    return nodes.model(EVENTS, states), states


def _column(nodes: Nodes, events: str, distance: int) -> str:
    """Return the event this far before the next one, (batch, 1)."""
    index = PAST + 1 - distance
    return nodes.add("Slice", events, nodes.integers(index), nodes.integers(index + 1), nodes.integers(1))


def _one_hot(nodes: Nodes, events: str, distance: int) -> str:
    rows = nodes.add("Gather", nodes.constant(np.eye(EVENTS)), _column(nodes, events, distance))
    return nodes.add("Squeeze", rows, nodes.integers(1))


def _inputs(nodes: Nodes, events: str, looks_back: bool) -> str:
    """Return the inputs of a step, as `training.recipes.melody_rnn.inputs` defines them."""
    if not looks_back:
        return _one_hot(nodes, events, 1)
    parts = [_one_hot(nodes, events, distance) for distance in (1, BAR, PAST)]
    halves = nodes.add("Div", "count", nodes.integers(*(2**bit for bit in range(BITS))))
    bits = nodes.add("Cast", nodes.add("Mod", halves, nodes.integers(2)), to=nodes.onnx.TensorProto.FLOAT)
    parts.append(nodes.add("Sub", nodes.add("Mul", bits, nodes.constant(2.0)), nodes.constant(1.0)))
    for distance in (BAR, PAST):
        same = nodes.add("Equal", _column(nodes, events, 1), _column(nodes, events, 1 + distance))
        is_repeat = nodes.add("And", same, nodes.add("Greater", "count", nodes.integers(distance)))
        parts.append(nodes.add("Cast", is_repeat, to=nodes.onnx.TensorProto.FLOAT))
    return nodes.add("Concat", *parts, axis=1)


def _attend(nodes: Nodes, model: "MelodyRnn", x: str) -> tuple[str, list[dict[str, Any]]]:
    states = [state("attended", "float32", model.width), state("memory", "float32", ATTENDED, model.width)]
    mixed = add_linear(nodes, model.mix, nodes.add("Concat", x, "attended", axis=1))
    output, after, more = add_lstm(nodes, model.lstm, mixed)
    asked = add_linear(nodes, model.query, nodes.add("Concat", *after, axis=1))
    asked = nodes.add("Unsqueeze", asked, nodes.integers(1))
    hidden = nodes.add("Tanh", nodes.add("Add", add_linear(nodes, model.key, "memory"), asked))
    weights = nodes.add("Softmax", add_linear(nodes, model.score, hidden), axis=1)  # (batch, 40, 1)
    product = nodes.add("Mul", weights, "memory")
    attended = nodes.add("ReduceSum", product, nodes.integers(1), keepdims=0, into="next_attended")
    joined = add_linear(nodes, model.joined, nodes.add("Concat", output, attended, axis=1))
    kept = nodes.add("Slice", "memory", nodes.integers(1), nodes.integers(ATTENDED), nodes.integers(1))
    newest = nodes.add("Unsqueeze", joined, nodes.integers(1))
    nodes.add("Concat", kept, newest, into="next_memory", axis=1)
    return joined, states + more


def _fold(nodes: Nodes, classes: str, events: str) -> None:
    """Add the logits of events: the log of the sum of the probabilities of all classes that give an event."""
    shares = nodes.add("Softmax", classes, axis=1)
    widths = nodes.integers(EVENTS, 1, 1)
    names = ["share_of_events", "share_of_bar", "share_of_two_bars"]
    nodes.add_all("Split", shares, widths, into=names, axis=1)
    total = names[0]
    for name, distance in zip(names[1:], (BAR, PAST), strict=True):
        total = nodes.add("Add", total, nodes.add("Mul", _one_hot(nodes, events, distance), name))
    nodes.add("Log", total, into="logits")
