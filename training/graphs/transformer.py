"""Nodes of one step of `training.backbones.transformer`.

The keys and values of the last notes lie in the runtime's sliding cache: a step adds to it in place, and costs the
same for ever. The state `position` counts the notes of a piece, and comes back by `TURN` before it leaves the tables
of the rotation: that changes neither an angle nor a place in the cache.
"""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from onnx import TensorProto
from torch import nn

from training.backbones.transformer import HEAD, TURN, Layer, Transformer, turns
from training.graphs.builder import RUNTIME_DOMAIN, Floats, Graph, array
from training.graphs.calibration import Ranges, balance

SLACK = 64
"""The runtime moves a cache once in so many steps; `TURN` is a multiple of it."""


def states(backbone: Transformer) -> list[dict[str, Any]]:
    """``states`` of the config.json."""
    shape = [backbone.keys, _capacity(backbone), HEAD]
    declared: list[dict[str, Any]] = [
        {"input": f"{kind}{layer}", "output": f"next_{kind}{layer}", "type": "float32", "shape": shape}
        for layer in range(len(backbone.layers))
        for kind in ("keys", "values")
    ]
    return [*declared, {"input": "position", "output": "next_position", "type": "int64", "shape": []}]


def hear(
    g: Graph, backbone: Transformer, ids: str, tables: Sequence[Floats], told: Floats, ranges: Ranges | None
) -> tuple[str, Floats]:
    """Add one step: `ids` (batch, tables) of the embeddings -> what was heard, and `told` made to multiply it."""
    return _Step(g, backbone, ranges).hear(g.embeddings("given", ids, tables), told)


class _Step:
    def __init__(self, g: Graph, backbone: Transformer, ranges: Ranges | None) -> None:
        self.g, self.backbone, self.ranges = g, backbone, ranges

    def hear(self, stream: str, told: Floats) -> tuple[str, Floats]:
        self._places()
        branch = ""
        for number, layer in enumerate(self.backbone.layers):
            stream, branch = self._attention(number, cast(Layer, layer), stream, branch)
            stream, branch = self._unit(number, cast(Layer, layer), stream, branch)
        heard, _, told = self._normed("last", stream, branch, told)
        return heard, told

    def _places(self) -> None:
        """Add where the notes stand, as attention wants it, and the tables of the rotation."""
        g, end = self.g, TURN + _capacity(self.backbone)
        rows = g.add("Range", *(g.constant(f"number_{n}", n, np.int64) for n in (0, end, 1)), into="rows")
        column = g.add("Unsqueeze", rows, g.constant("axis", [1], np.int64), into="column")
        steps = g.add("Mul", column, g.constant("turns", turns().numpy(), np.int64), into="steps")
        circle = g.constant("circle", np.cos(np.arange(TURN) * (2 * math.pi / TURN)), np.float32)
        turn = g.constant("turn", TURN, np.int64)
        later = g.add("Add", steps, g.constant("quarters", TURN * 3 // 4, np.int64), into="later")
        g.add("Gather", circle, g.add("Mod", steps, turn, into="cos_steps"), into="cos")
        g.add("Gather", circle, g.add("Mod", later, turn, into="sin_steps"), into="sin")
        # Only this node reads the state: it is read before it is written.
        g.add("Cast", "position", into="before", to=TensorProto.INT32)
        count = g.add("Add", "before", g.constant("one", 1, np.int32), into="count")
        g.add("ReduceMax", count, into="longest", keepdims=0)
        over = g.add("Equal", count, g.constant("end", end, np.int32), into="over")
        back = g.add("Sub", count, g.constant("back", TURN, np.int32), into="back_there")
        g.add("Cast", g.add("Where", over, back, count, into="after"), into="next_position", to=TensorProto.INT64)

    def _normed(self, name: str, stream: str, branch: str, weight: Floats) -> tuple[str, str, Floats]:
        """Add `branch` to the stream: the sum's norm, the sum, and `weight` made to multiply the norm."""
        norm = cast(nn.LayerNorm, self.backbone.get_submodule(name))
        divisor = self._divisor(name, weight)
        gain = self.g.constant(f"{name}.gain", array(norm.weight) / divisor, np.float32)
        weight = weight * divisor[:, None]
        if not branch:
            self.g.add("LayerNormalization", stream, gain, into=name, epsilon=norm.eps)
            return name, stream, weight
        outputs = ["", "", f"{name}.sum"]
        self.g.add(
            "SkipLayerNormalization",
            stream,
            branch,
            gain,
            into=name,
            more=outputs,
            domain=RUNTIME_DOMAIN,
            epsilon=norm.eps,
        )
        return name, outputs[-1], weight

    def _attention(self, number: int, layer: Layer, stream: str, branch: str) -> tuple[str, str]:
        g, name, heads = self.g, f"layers.{number}", layer.keys * layer.shared
        attended = array(layer.attended.weight).T
        divisor = self._divisor(f"{name}.attended", attended, (layer.keys, layer.shared, HEAD))
        values = array(layer.value.weight).T / divisor.reshape(layer.keys, layer.shared, HEAD)[:, 0].ravel()
        weight = np.concatenate([array(layer.query.weight).T, array(layer.key.weight).T, values], axis=1)
        normed, stream, weight = self._normed(f"{name}.before_attention", stream, branch, weight)

        shape = g.constant("heads", [-1, heads + 2 * layer.keys, HEAD], np.int64)
        each = g.add("Reshape", g.product(f"{name}.qkv", normed, weight), shape, into=f"{name}.each")
        turned, kept = g.split(each, {f"{name}.turned": heads + layer.keys, f"{name}.kept": layer.keys})
        lengths = np.ones(heads + layer.keys)
        lengths[:heads] = math.sqrt(HEAD) * array(layer.sharpness)
        sharp = g.add(
            "Mul",
            g.add("LpNormalization", turned, into=f"{name}.directions", axis=-1, p=2),
            g.constant(f"{name}.lengths", lengths[:, None], np.float32),
            into=f"{name}.sharp",
        )
        packed = g.add(
            "Reshape",
            g.add("Concat", sharp, kept, into=f"{name}.all", axis=1),
            g.constant("packed", [-1, 1, (heads + 2 * layer.keys) * HEAD], np.int64),
            into=f"{name}.packed",
        )
        heard = g.add(
            "GroupQueryAttention",
            *(packed, "", "", f"keys{number}", f"values{number}", "before", "longest", "cos", "sin", "", ""),
            g.constant(f"{name}.sink", array(layer.sink), np.float32),
            into=f"{name}.heard",
            more=[f"next_keys{number}", f"next_values{number}"],
            domain=RUNTIME_DOMAIN,
            num_heads=heads,
            kv_num_heads=layer.keys,
            do_rotary=1,
            scale=1.0,
            local_window_size=self.backbone.window,
            sliding_window_cache=1,
        )
        flat = g.add("Reshape", heard, g.constant("flat", [-1, heads * HEAD], np.int64), into=f"{name}.flat")
        return stream, g.product(f"{name}.attended", flat, attended * divisor[:, None])

    def _unit(self, number: int, layer: Layer, stream: str, branch: str) -> tuple[str, str]:
        g, name = self.g, f"layers.{number}"
        down = array(layer.down.weight).T
        divisor = self._divisor(f"{name}.down", down)
        weight = np.concatenate([array(layer.gate.weight).T, array(layer.up.weight).T / divisor], axis=1)
        normed, stream, weight = self._normed(f"{name}.before_unit", stream, branch, weight)
        both = g.product(f"{name}.both", normed, weight)
        gate, up = g.split(both, {f"{name}.gate": len(down), f"{name}.up": len(down)})
        opened = g.add("QuickGelu", gate, into=f"{name}.opened", domain=RUNTIME_DOMAIN, alpha=1.0)
        gated = g.add("Mul", opened, up, into=f"{name}.gated")
        return stream, g.product(f"{name}.down", gated, down * divisor[:, None])

    def _divisor(self, name: str, weight: Floats, shared: tuple[int, int, int] | None = None) -> Floats:
        """Return what the inputs of a product are divided by; of (keys, heads, channels) one for all heads of a key."""
        if self.ranges is None:
            return np.ones(len(weight), np.float32)
        if shared is None:
            return balance(self.ranges[name], weight)
        keys, _, channels = shared
        largest = self.ranges[name].reshape(shared).max(axis=1).ravel()
        together = weight.reshape(*shared, -1).swapaxes(1, 2).reshape(keys * channels, -1)
        each = balance(largest, together).reshape(keys, 1, channels)
        return np.broadcast_to(each, shared).ravel()


def _capacity(backbone: Transformer) -> int:
    return backbone.window + SLACK - 1
