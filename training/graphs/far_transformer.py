"""Build the nodes of one step of `training.backbones.far_transformer`.

The last notes of each layer are in a ring of slots: a note overwrites the one that leaves the window. Layers that keep
the first notes of a piece have two rings: the notes of the seed are in the first, all others in the second. The order
within a ring does not matter, because keys are rotated by their own positions.
"""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from training.backbones.attention import HEAD, TURN
from training.backbones.far_transformer import TURNING, FarLayer, FarTransformer, far_turns
from training.graphs import attention
from training.graphs.builder import Floats, Graph, array
from training.graphs.calibration import Ranges
from training.graphs.parts import Parts
from training.graphs.transformer import gated_unit

COUNTS: dict[str, Any] = {"input": "counts", "output": "next_counts", "type": "int64", "shape": [3]}
"""The notes read, those of the seed, and the others. Each count wraps around once its ring is full."""
MEMORY = ("keys", "values", "scales")
LANES = 16
"""Slots of a block of keys or values (docs/functions.md)."""
SEED = "seed"
"""The mark of a note of the seed: 1 or 0."""


def states(backbone: FarTransformer) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    declared: list[dict[str, Any]] = []
    for number, layer in enumerate(_layers(backbone)):
        blocks = [layer.keys, layer.window // LANES, LANES * HEAD]
        memory = {
            "keys": ("int8", blocks),
            "values": ("int8", blocks),
            "scales": ("float16", [layer.keys, 2, layer.window]),
        }
        for kind, (of, shape) in memory.items():
            names = {"input": f"{kind}{number}", "output": f"next_{kind}{number}"}
            declared.append({**names, "type": of, "shape": shape})
        asked = {"input": f"asked{number}", "output": f"next_asked{number}", "shape": [len(layer.earlier)]}
        declared.append({**asked, "type": "float32"})
    return [*declared, COUNTS]


def add_step(
    g: Graph, backbone: FarTransformer, ids: str, tables: Sequence[Floats], weight: Floats, ranges: Ranges | None
) -> tuple[str, Floats]:
    """Add one step: `ids` (batch, tables) of the embeddings -> the output, and its `weight`, scaled."""
    parts, stream, branch = Parts(g, backbone, ranges), g.embeddings("given", ids, tables), ""
    _add_counts(g, _layers(backbone))
    for number, layer in enumerate(_layers(backbone)):
        name = f"layers.{number}."
        before, after = attention.weights(parts, name, layer)
        normed, stream, before = parts.normed(f"{name}before_attention", stream, branch, before)
        asked = g.product(f"{name}asked", normed, before)
        part = g.constant(f"{name}earlier_part", array(layer.earlier), np.float32)
        shifted = g.add_ours(
            "AddEarlier", asked, f"asked{number}", part, into=f"{name}shifted", more=[f"next_asked{number}"]
        )  # fmt: skip
        branch = g.product(f"{name}attended", _attend(g, name, number, layer, shifted), after)
        branch, stream = gated_unit(g, parts, name, layer, branch, stream)
    output, _, weight = parts.normed("last", stream, branch, weight)
    return output, weight


def _attend(g: Graph, name: str, number: int, layer: FarLayer, asked: str) -> str:
    lengths = math.sqrt(HEAD) * array(layer.sharpness)
    begins = [0, layer.kept] if layer.kept else [0]
    return g.add_ours(
        "Int8RingAttention",
        asked,
        "turn",
        *_rings(layer),
        *(f"{kind}{number}" for kind in MEMORY),
        g.constant(f"{name}lengths", lengths, np.float32),
        g.constant(f"{name}sinks", np.exp(array(layer.sink)), np.float32),
        *_rotations(g, layer),
        g.constant("begins_" + "_".join(map(str, begins)), begins, np.int64),
        into=f"{name}heard",
        more=[f"next_{kind}{number}" for kind in MEMORY],
    )


def _rings(layer: FarLayer) -> tuple[str, str]:
    """Return the slot of the note, and the number of notes in each ring."""
    kind = "far" if layer.kept else "near"
    return f"{kind}_slot", f"{kind}_seen"


def _add_counts(g: Graph, layers: Sequence[FarLayer]) -> None:
    """Add the position of the note, and what `_rings` names for both kinds of layer."""
    kinds = {(layer.kept, layer.window) for layer in layers}
    if len(kinds) > 2:
        raise ValueError(f"the layers must have at most two windows, not {len(kinds)}")
    kept, window = max(kinds)
    sizes = g.constant("sizes", [TURN, kept or 1, window - kept], np.int64)
    near = g.constant("near", [min(layer.window for layer in layers)], np.int64)
    places = ["turn", "near_slot", "near_seen", "far_slot", "far_seen"]
    g.add_ours("NotePlaces", "counts", SEED, sizes, near, into="next_counts", more=places)


def _rotations(g: Graph, layer: FarLayer) -> tuple[str, str]:
    """Return the cosines and sines of every position, (positions, pairs); layers without distances have one."""
    if not layer.turning:
        return g.constant("no_cos", [[1]], np.float32), g.constant("no_sin", [[0]], np.float32)
    steps = np.arange(TURN)[:, None] * far_turns()[:TURNING].numpy() % TURN
    angles = steps * (2 * math.pi / TURN)
    return g.constant("cos", np.cos(angles), np.float32), g.constant("sin", np.sin(angles), np.float32)


def _layers(backbone: FarTransformer) -> list[FarLayer]:
    return [cast(FarLayer, layer) for layer in backbone.layers]
