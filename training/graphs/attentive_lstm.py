"""Build the nodes of one step of `training.backbones.attentive_lstm`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from training.backbones.attentive_lstm import AttentiveLSTM
from training.graphs import attention, lstm
from training.graphs.builder import Floats, Graph
from training.graphs.calibration import Ranges
from training.graphs.parts import Parts


def states(backbone: AttentiveLSTM) -> list[dict[str, Any]]:
    """Return ``states`` of the config.json."""
    cells = [state for layer in range(2) for state in lstm.layer_states(layer, backbone.lower.width)]
    return [*cells, *attention.states(backbone.attention, 0), attention.POSITION]


def add_step(
    g: Graph, backbone: AttentiveLSTM, ids: str, tables: Sequence[Floats], weight: Floats, ranges: Ranges | None
) -> tuple[str, Floats]:
    """Add one step: `ids` (batch, tables) of the embeddings -> the output, and the `weight` that multiplies it."""
    parts = Parts(g, backbone, ranges)
    attention.add_positions(g, backbone.attention)
    low = lstm.first_layer(g, backbone.lower, ids, tables)
    before, after = attention.weights(parts, "attention.", backbone.attention)
    attended = attention.attend(g, "attention.", 0, backbone.attention, g.product("asked", low, before), after)
    input_weight, recurrent, bias = lstm.layer_weights(backbone.upper, 0)
    normed, _, input_weight = parts.normed("norm", low, attended, input_weight)
    return lstm.next_layer(g, 1, normed, np.concatenate([input_weight, recurrent]), bias), weight
