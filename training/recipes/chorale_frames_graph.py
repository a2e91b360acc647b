"""Build the graph of one token of `training.recipes.chorale_frames`."""

from typing import TYPE_CHECKING, Any

import numpy as np

from longplay.importing.nodes import Nodes
from training.recipes.steps import add_linear, add_lstm, state

if TYPE_CHECKING:
    from training.recipes.chorale_frames import FrameModel

FORBIDDEN = -1e9


def graph(model: "FrameModel") -> tuple[bytes, list[dict[str, Any]]]:
    """Return step.onnx, and its states: the frame so far, the next key that may be drawn, and those of the RNN.

    The RNN steps when a frame ends, and otherwise keeps its state. Keys below the last one are forbidden.
    """
    nodes = Nodes()
    keys = model.key_bias.out_features
    states = [state("frame", "float32", keys), state("next_key", "int64", 1)]
    ends = nodes.add("Equal", "event", nodes.integers(keys))  # (batch, 1)
    one_hot = nodes.add("Gather", nodes.constant(np.eye(keys + 1, keys)), "event")
    frame = nodes.add("Add", "frame", nodes.add("Squeeze", one_hot, nodes.integers(1)))
    nodes.add("Where", ends, nodes.constant(np.zeros((1, keys))), frame, into="next_frame")
    following = nodes.add("Add", "event", nodes.integers(1))
    first = nodes.add("Where", ends, nodes.integers(0), following, into="next_next_key")

    context, more = _context(nodes, model, ends)
    logits = add_linear(nodes, model.key_bias, context)
    if model.kind == "nade":
        logits = nodes.add("Add", logits, _nade(nodes, model, context))
    states += more
    _tokens(nodes, logits, first, keys)
    return nodes.model(keys + 1, states), states


def _context(nodes: Nodes, model: "FrameModel", ends: str) -> tuple[str, list[dict[str, Any]]]:
    """Return h of the RNN, which has read the last whole frame; within a frame, h and c stay as they are."""
    h, after, states = add_lstm(nodes, model.rnn, "frame")
    for one, value in zip(states, after, strict=True):
        one["output"] = f"kept_{one['input']}"
        nodes.add("Where", ends, value, one["input"], into=one["output"])
    return nodes.add("Where", ends, h, states[0]["input"]), states


def _nade(nodes: Nodes, model: "FrameModel", context: str) -> str:
    """Return what the keys of the frame so far add to the logits: the part of each key above the last one."""
    encoder = nodes.constant(model.encoder.detach().numpy())
    sums = nodes.add("Add", add_linear(nodes, model.hidden_bias, context), nodes.add("MatMul", "next_frame", encoder))
    return nodes.add("MatMul", nodes.add("Sigmoid", sums), nodes.constant(model.decoder.detach().numpy().T))


def _tokens(nodes: Nodes, logits: str, first: str, keys: int) -> None:
    """Add the logits of tokens: the log-probability of a key, and of no key between the last one and it."""
    is_open = nodes.add("GreaterOrEqual", nodes.constant(np.arange(keys)[None], np.int64), first)
    off = nodes.add("Neg", nodes.add("Softplus", logits))
    off = nodes.add("Where", is_open, off, nodes.constant(0.0))
    on = nodes.add("Neg", nodes.add("Softplus", nodes.add("Neg", logits)))
    silent = nodes.add("CumSum", off, nodes.constant(1, np.int64), exclusive=1)
    each = nodes.add("Where", is_open, nodes.add("Add", silent, on), nodes.constant(FORBIDDEN))
    end = nodes.add("ReduceSum", off, nodes.integers(1), keepdims=1)
    nodes.add("Concat", each, end, into="logits", axis=1)
