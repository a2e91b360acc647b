"""Build the nodes of one step of `training.backbones.transformer`."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from training.backbones.far_transformer import FarLayer
from training.backbones.transformer import Layer, Transformer
from training.graphs import attention
from training.graphs.builder import Floats, Graph, array
from training.graphs.calibration import Ranges
from training.graphs.parts import Parts


def states(backbone: Transformer) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    layers = enumerate(_layers(backbone))
    return [state for number, layer in layers for state in attention.states(layer, number)] + [attention.POSITION]


def add_step(
    g: Graph, backbone: Transformer, ids: str, tables: Sequence[Floats], weight: Floats, ranges: Ranges | None
) -> tuple[str, Floats]:
    """Add one step: `ids` (batch, tables) of the embeddings -> the output, and its `weight`, scaled."""
    parts, stream, branch = Parts(g, backbone, ranges), g.embeddings("given", ids, tables), ""
    attention.add_positions(g, _layers(backbone)[0])
    for number, layer in enumerate(_layers(backbone)):
        name = f"layers.{number}."
        before, after = attention.weights(parts, name, layer)
        normed, stream, before = parts.normed(f"{name}before_attention", stream, branch, before)
        branch = attention.attend(g, name, number, layer, g.product(f"{name}asked", normed, before), after)
        branch, stream = gated_unit(g, parts, name, layer, branch, stream)
    output, _, weight = parts.normed("last", stream, branch, weight)
    return output, weight


def gated_unit(g: Graph, parts: Parts, name: str, layer: Layer | FarLayer, branch: str, stream: str) -> tuple[str, str]:
    """Add `branch` to the stream and a layer's gated linear unit; return the unit's output and the stream."""
    down = array(layer.down.weight).T
    divisor = parts.divisor(f"{name}down", down)
    both = np.concatenate([array(layer.gate.weight).T, array(layer.up.weight).T / divisor], axis=1)
    normed, stream, both = parts.normed(f"{name}before_unit", stream, branch, both)
    gated = g.gated_unit(name, g.product(f"{name}both", normed, both), len(down))
    return g.product(f"{name}down", gated, down * divisor[:, None]), stream


def _layers(backbone: Transformer) -> list[Layer]:
    return [cast(Layer, layer) for layer in backbone.layers]
