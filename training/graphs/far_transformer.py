"""Build the nodes of one step of `training.backbones.far_transformer`."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from training.backbones.far_transformer import FarLayer, FarTransformer
from training.graphs import attention
from training.graphs.builder import Floats, Graph, array
from training.graphs.calibration import Ranges
from training.graphs.parts import Parts
from training.graphs.transformer import gated_unit


def states(backbone: FarTransformer) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    declared: list[dict[str, Any]] = []
    for number, layer in enumerate(_layers(backbone)):
        asked = {"input": f"asked{number}", "output": f"next_asked{number}", "shape": [len(layer.earlier)]}
        declared += [*attention.states(layer, number), {**asked, "type": "float32"}]
    return [*declared, attention.POSITION]


def hear(
    g: Graph, backbone: FarTransformer, ids: str, tables: Sequence[Floats], told: Floats, ranges: Ranges | None
) -> tuple[str, Floats]:
    """Add one step: `ids` (batch, tables) of the embeddings -> the output, and `told` scaled to multiply it."""
    parts, stream, branch = Parts(g, backbone, ranges), g.embeddings("given", ids, tables), ""
    attention.places(g, max(_layers(backbone), key=lambda layer: layer.window))
    for number, layer in enumerate(_layers(backbone)):
        name, width = f"layers.{number}.", len(layer.earlier)
        before, after = attention.weights(parts, name, layer)
        normed, stream, before = parts.normed(f"{name}before_attention", stream, branch, before)
        asked = g.product(f"{name}asked", normed, before)
        # The node that reads the state also writes it, because input and output share their memory.
        both = g.add("Concat", f"asked{number}", asked, into=f"{name}asked_twice", axis=1)
        earlier, _ = g.split(both, {f"{name}earlier": width, f"next_asked{number}": width})
        part = g.constant(f"{name}earlier_part", array(layer.earlier), np.float32)
        added = g.add("Mul", earlier, part, into=f"{name}earlier_added")
        shifted = g.add("Add", asked, added, into=f"{name}shifted")
        branch = attention.attend(g, name, number, layer, shifted, after)
        branch, stream = gated_unit(g, parts, name, layer, branch, stream)
    heard, _, told = parts.normed("last", stream, branch, told)
    return heard, told


def _layers(backbone: FarTransformer) -> list[FarLayer]:
    return [cast(FarLayer, layer) for layer in backbone.layers]
