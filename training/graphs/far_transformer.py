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
SEED = "seed"
"""The mark of a note of the seed: 1 or 0."""


def states(backbone: FarTransformer) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    declared: list[dict[str, Any]] = []
    for number, layer in enumerate(_layers(backbone)):
        shapes = {"keys": [layer.keys, HEAD, layer.window], "values": [layer.keys, layer.window, HEAD]}
        for kind, shape in shapes.items():
            names = {"input": f"{kind}{number}", "output": f"next_{kind}{number}"}
            declared.append({**names, "type": "float16", "shape": shape})
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
        "RingAttention",
        asked,
        "turn",
        *_rings(layer),
        *(f"keys{number}", f"values{number}"),
        g.constant(f"{name}lengths", lengths, np.float32),
        g.constant(f"{name}sinks", np.exp(array(layer.sink)), np.float32),
        *_rotations(g, layer),
        g.constant("begins_" + "_".join(map(str, begins)), begins, np.int64),
        into=f"{name}heard",
        more=[f"next_keys{number}", f"next_values{number}"],
    )


def _rings(layer: FarLayer) -> tuple[str, str]:
    """Return the slot of the note, and the number of notes in each ring."""
    shape = f"{layer.kept}_{layer.window}"
    return f"slot_{shape}", f"seen_{shape}"


def _add_counts(g: Graph, layers: Sequence[FarLayer]) -> None:
    """Add the position of the note, and what `_rings` names for each kind of layer."""
    kinds = {(layer.kept, layer.window) for layer in layers}
    kept, window = max(kinds)
    sizes = np.array([TURN, kept or 1, window - kept])
    one = g.constant("one", [[1]], np.int64)
    others = g.add("Sub", one, SEED, into="is_other")
    step = g.add("Concat", g.add("Add", SEED, others, into="is_note"), SEED, others, into="step", axis=1)
    # Only this node reads the state, so that the state is read before it is overwritten.
    count = g.add("Add", "counts", step, into="count")
    before = g.add("Sub", count, step, into="count_before")
    whole = g.constant("sizes", sizes, np.int64)
    over = g.add("Equal", count, g.constant("ends", 2 * sizes, np.int64), into="over")
    g.add("Where", over, g.add("Sub", count, whole, into="smaller"), count, into="next_counts")
    turn, seed_before, other_before = g.split(before, {"turn": 1, "seed_before": 1, "other_before": 1})
    note_count, seed_count, other_count = g.split(count, {"note_count": 1, "seed_count": 1, "other_count": 1})
    for kept, window in sorted(kinds):
        shape, size = f"{kept}_{window}", g.constant(f"size_{window - kept}", window - kept, np.int64)
        if not kept:
            g.add("Mod", turn, size, into=f"slot_{shape}")
            g.add("Min", note_count, size, into=f"seen_{shape}")
            continue
        first = g.constant(f"size_{kept}", kept, np.int64)
        of_seed = g.add("Mod", seed_before, first, into="seed_slot")
        of_other = g.add("Add", g.add("Mod", other_before, size, into="other_index"), first, into="other_slot")
        g.add("Where", g.add("Equal", SEED, one, into="of_seed"), of_seed, of_other, into=f"slot_{shape}")
        filled = [g.add("Min", seed_count, first, into="seeds"), g.add("Min", other_count, size, into="others")]
        g.add("Concat", *filled, into=f"seen_{shape}", axis=1)


def _rotations(g: Graph, layer: FarLayer) -> tuple[str, str]:
    """Return the cosines and sines of every position, (positions, pairs); layers without distances have one."""
    if not layer.turning:
        return g.constant("no_cos", [[1]], np.float32), g.constant("no_sin", [[0]], np.float32)
    steps = np.arange(TURN)[:, None] * far_turns()[:TURNING].numpy() % TURN
    angles = steps * (2 * math.pi / TURN)
    return g.constant("cos", np.cos(angles), np.float32), g.constant("sin", np.sin(angles), np.float32)


def _layers(backbone: FarTransformer) -> list[FarLayer]:
    return [cast(FarLayer, layer) for layer in backbone.layers]
