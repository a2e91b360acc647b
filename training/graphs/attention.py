"""Build the nodes of one step of `training.backbones.attention`, whose cost does not grow with the piece.

The state `position` counts the notes of a piece. It wraps around before it exceeds the tables that it indexes, which
changes neither an angle nor an index into the memory.

With rotation, the keys and values of the last notes are in the runtime's sliding cache, each rotated by its own
position. With learned distances they are in a ring: a note overwrites the one that leaves the window.
"""

import math
from typing import Any

import numpy as np
from onnx import TensorProto

from training.backbones.attention import HEAD, TURN, Attention, turns
from training.backbones.far_transformer import FarLayer
from training.graphs.builder import RUNTIME_DOMAIN, Floats, Graph, array
from training.graphs.parts import Parts

SLACK = 64
"""The number of steps after which the runtime moves a cache; `TURN` is a multiple of it."""
POSITION: dict[str, Any] = {"input": "position", "output": "next_position", "type": "int64", "shape": []}


def states(attention: Attention, number: int) -> list[dict[str, Any]]:
    """Return ``states`` of one attention; the graph also has `POSITION`."""
    length = _capacity(attention) if _rotates(attention) else attention.window
    shape = [attention.keys, length, HEAD]
    return [
        {"input": f"{kind}{number}", "output": f"next_{kind}{number}", "type": "float32", "shape": shape}
        for kind in ("keys", "values")
    ]


def weights(parts: Parts, name: str, attention: Attention | FarLayer) -> tuple[Floats, Floats]:
    """Return the weights of the products before and after attention."""
    after, shape = array(attention.attended.weight).T, (attention.keys, attention.shared, HEAD)
    divisor = parts.divisor(f"{name}attended", after, shape)
    values = array(attention.value.weight).T / divisor.reshape(shape)[:, 0].ravel()
    return np.concatenate([array(attention.query.weight).T, array(attention.key.weight).T, values], axis=1), (
        after * divisor[:, None]
    )


def attend(g: Graph, name: str, number: int, attention: Attention, asked: str, after: Floats) -> str:
    """Add the nodes between the product before attention and the one after it, inclusive."""
    keys, heads = attention.keys, attention.keys * attention.shared
    shape = g.constant("heads", [-1, heads + 2 * keys, HEAD], np.int64)
    each = g.add("Reshape", asked, shape, into=f"{name}each")
    vectors, values = g.split(each, {f"{name}vectors": heads + keys, f"{name}fresh_values": keys})
    directions = g.add("LpNormalization", vectors, into=f"{name}directions", axis=-1, p=2)
    lengths = np.concatenate([math.sqrt(HEAD) * array(attention.sharpness), np.ones(keys)])
    lengths_name = g.constant(f"{name}lengths", lengths[:, None], np.float32)
    sharp = g.add("Mul", directions, lengths_name, into=f"{name}sharp")
    if _rotates(attention):
        attended = _sliding(g, name, number, attention, sharp, values)
    else:
        attended = _ring(g, name, number, attention, sharp, values)
    flat = g.add("Reshape", attended, g.constant("flat", [-1, heads * HEAD], np.int64), into=f"{name}flat")
    return g.product(f"{name}attended", flat, after)


def add_positions(g: Graph, attention: Attention) -> None:
    """Add the nodes that all attentions of a graph share: the position of the note, and its tables."""
    rotates = _rotates(attention)
    back = TURN if rotates else attention.window
    end = back + (_capacity(attention) if rotates else attention.window)
    # Only this node reads the state, so that the state is read before it is overwritten.
    g.add("Cast", "position", into="before", to=TensorProto.INT32)
    count = g.add("Add", "before", g.constant("one", 1, np.int32), into="count")
    over = g.add("Equal", count, g.constant("end", end, np.int32), into="over")
    smaller = g.add("Sub", count, g.constant("back", back, np.int32), into="smaller")
    g.add("Cast", g.add("Where", over, smaller, count, into="after"), into="next_position", to=TensorProto.INT64)
    if rotates:
        g.add("ReduceMax", count, into="longest", keepdims=0)
        _rotations(g, end)
    else:
        _add_ring_indices(g, attention)


def _rotations(g: Graph, end: int) -> None:
    """Add the cosines and sines of every position, which the runtime computes once, when it loads the graph."""
    positions = g.add("Range", *(g.constant(f"number_{n}", n, np.int64) for n in (0, end, 1)), into="positions")
    column = g.add("Unsqueeze", positions, g.constant("axis", [1], np.int64), into="column")
    steps = g.add("Mul", column, g.constant("turns", turns().numpy(), np.int64), into="steps")
    later = g.add("Add", steps, g.constant("quarters", TURN * 3 // 4, np.int64), into="later")
    circle = g.constant("circle", np.cos(np.arange(TURN) * (2 * math.pi / TURN)), np.float32)
    turn = g.constant("turn", TURN, np.int64)
    g.add("Gather", circle, g.add("Mod", steps, turn, into="cos_steps"), into="cos")
    g.add("Gather", circle, g.add("Mod", later, turn, into="sin_steps"), into="sin")


def _add_ring_indices(g: Graph, attention: Attention) -> None:
    """Add the index of the note in the ring, the distance of each index, and the mask of the empty ones."""
    keys, shared, window = attention.keys, attention.shared, attention.window
    four = g.constant("four", [-1, 1, 1, 1], np.int64)
    before = g.add("Reshape", g.add("Cast", "before", into="before_64", to=TensorProto.INT64), four, into="before_4")
    size = g.constant("window", window, np.int64)
    index_in_ring = g.add("Mod", before, size, into="place")
    g.add("Add", index_in_ring, g.constant("channels", np.zeros((1, keys, 1, HEAD)), np.int64), into="places")
    away = g.add("Sub", index_in_ring, g.constant("ring", np.arange(window), np.int64), into="away")
    distance = g.add("Mod", away, size, into="distance")
    index = g.add("Sub", g.constant("farthest", window - 1, np.int64), distance, into="index")
    g.add("Add", index, g.constant("all_heads", np.zeros((1, keys, shared, window)), np.int64), into="indices")
    empty, never = g.add("Greater", distance, before, into="empty"), g.constant("never", -np.inf, np.float32)
    g.add("Where", empty, never, g.constant("nothing", 0, np.float32), into="mask")


def _sliding(g: Graph, name: str, number: int, attention: Attention, vectors: str, values: str) -> str:
    keys, heads = attention.keys, attention.keys * attention.shared
    packed = g.constant("packed", [-1, 1, (heads + 2 * keys) * HEAD], np.int64)
    together = g.add("Concat", vectors, values, into=f"{name}together", axis=1)
    return g.add(
        "GroupQueryAttention",
        g.add("Reshape", together, packed, into=f"{name}packed"),
        *("", "", f"keys{number}", f"values{number}", "before", "longest"),
        *("cos", "sin", "", ""),
        g.constant(f"{name}sink", array(attention.sink), np.float32),
        into=f"{name}heard",
        more=[f"next_keys{number}", f"next_values{number}"],
        domain=RUNTIME_DOMAIN,
        num_heads=heads,
        kv_num_heads=keys,
        do_rotary=1,
        scale=1.0,
        local_window_size=attention.window,
        sliding_window_cache=1,
    )


def _ring(g: Graph, name: str, number: int, attention: Attention, vectors: str, values: str) -> str:
    keys, shared = attention.keys, attention.shared
    queries, key = g.split(vectors, {f"{name}queries": keys * shared, f"{name}fresh_keys": keys})
    for kind, new in (("keys", key), ("values", values)):
        new = g.add("Unsqueeze", new, g.constant("ring_axis", [2], np.int64), into=f"{name}{kind}")
        g.add("ScatterElements", f"{kind}{number}", "places", new, into=f"next_{kind}{number}", axis=2)
    asked = g.add("Reshape", queries, g.constant("shared", [-1, keys, shared, HEAD], np.int64), into=f"{name}asking")
    turned = g.add("Transpose", f"next_keys{number}", into=f"{name}turned", perm=[0, 1, 3, 2])
    content = g.add("MatMul", asked, turned, into=f"{name}content")
    table = g.constant(f"{name}distances", array(attention.distances).swapaxes(-1, -2), np.float32)
    single = g.add("Unsqueeze", asked, g.constant("single_axis", [3], np.int64), into=f"{name}single")
    each = g.add("MatMul", single, table, into=f"{name}each_distance")
    by_distance = g.add("Squeeze", each, "single_axis", into=f"{name}by_distance")
    by_index = g.add("GatherElements", by_distance, "indices", into=f"{name}by_place", axis=3)
    logits = g.add("Add", g.add("Add", content, by_index, into=f"{name}logits"), "mask", into=f"{name}seen")
    weights = g.add("Exp", logits, into=f"{name}weights")
    total = g.add("ReduceSum", weights, g.constant("last_axis", [3], np.int64), into=f"{name}total", keepdims=1)
    sink = np.exp(array(attention.sink)).reshape(keys, shared, 1)
    whole = g.add("Add", total, g.constant(f"{name}sink", sink, np.float32), into=f"{name}whole")
    summed = g.add("MatMul", weights, f"next_values{number}", into=f"{name}summed")
    return g.add("Div", summed, whole, into=f"{name}heard")


def _rotates(attention: Attention) -> bool:
    return attention.distances is None


def _capacity(attention: Attention) -> int:
    return attention.window + SLACK - 1
