"""Parts that graphs have in common: norms and divisors of what enters int8 products."""

from typing import cast

import numpy as np
from torch import nn

from training.graphs.builder import RUNTIME_DOMAIN, Floats, Graph, array
from training.graphs.calibration import Ranges, balance


class Parts:
    """Adds nodes of a backbone to a graph; without `ranges`, for products in fp32."""

    def __init__(self, g: Graph, backbone: nn.Module, ranges: Ranges | None) -> None:
        self.g, self._backbone, self._ranges = g, backbone, ranges

    def normed(self, name: str, stream: str, branch: str, weight: Floats) -> tuple[str, str, Floats]:
        """Add `branch`, if any, to the stream: the norm of the sum, the sum, and `weight` made to multiply the norm."""
        norm = cast(nn.LayerNorm, self._backbone.get_submodule(name))
        divisor = self.divisor(name, weight)
        gain = self.g.constant(f"{name}.gain", array(norm.weight) / divisor, np.float32)
        weight = weight * divisor[:, None]
        if not branch:
            self.g.add("LayerNormalization", stream, gain, into=name, epsilon=norm.eps)
            return name, stream, weight
        total = f"{name}.sum"
        more, kind = ["", "", total], "SkipLayerNormalization"
        self.g.add(kind, stream, branch, gain, into=name, more=more, domain=RUNTIME_DOMAIN, epsilon=norm.eps)
        return name, total, weight

    def divisor(self, name: str, weight: Floats, shape: tuple[int, int, int] | None = None) -> Floats:
        """Return what the inputs of a product have to be divided by.

        Inputs of the `shape` (keys, heads, channels) get the same for all heads of a key.
        """
        if self._ranges is None:
            return np.ones(len(weight), np.float32)
        shape = shape or (1, 1, len(weight))
        largest = self._ranges[name].reshape(shape).max(axis=1).ravel()
        together = weight.reshape(*shape, -1).swapaxes(1, 2).reshape(len(largest), -1)
        each = balance(largest, together).reshape(shape[0], 1, shape[2])
        return np.broadcast_to(each, shape).ravel()
