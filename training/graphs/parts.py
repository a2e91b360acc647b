"""Build the parts that graphs share: norms, and divisors of the inputs of int8 products."""

from typing import cast

import numpy as np
from torch import nn

from training.graphs.builder import Floats, Graph, array
from training.graphs.calibration import Ranges, balance
from training.graphs.functions import NORM_EPSILON


class Parts:
    """A builder of a backbone's nodes in a graph; without `ranges`, for products in fp32."""

    def __init__(self, g: Graph, backbone: nn.Module, ranges: Ranges | None) -> None:
        self.g, self._backbone, self._ranges = g, backbone, ranges

    def normed(self, name: str, stream: str, branch: str, weight: Floats) -> tuple[str, str, Floats]:
        """Add `branch`, if any, to the stream; return the sum's norm, the sum, and `weight` scaled for the norm."""
        norm = cast(nn.LayerNorm, self._backbone.get_submodule(name))
        divisor = self.divisor(name, weight)
        if norm.eps != NORM_EPSILON:
            raise ValueError(f"the epsilon of {name} must be {NORM_EPSILON}, not {norm.eps}")
        output, total = self.g.norm(name, stream, branch, array(norm.weight) / divisor)
        return output, total, weight * divisor[:, None]

    def divisor(self, name: str, weight: Floats, shape: tuple[int, int, int] | None = None) -> Floats:
        """Return the divisor of each input of a product; see `shared_divisor` for `shape`."""
        if self._ranges is None:
            return np.ones(len(weight), np.float32)
        return shared_divisor(self._ranges[name], weight, shape)


def shared_divisor(largest: Floats, weight: Floats, shape: tuple[int, int, int] | None = None) -> Floats:
    """Return the divisor of each input of a product, from the inputs' ranges.

    If the inputs have the `shape` (keys, heads, channels), all heads of a key share their divisors.
    """
    shape = shape or (1, 1, len(weight))
    of_keys = largest.reshape(shape).max(axis=1).ravel()
    together = weight.reshape(*shape, -1).swapaxes(1, 2).reshape(len(of_keys), -1)
    each = balance(of_keys, together).reshape(shape[0], 1, shape[2])
    return np.broadcast_to(each, shape).ravel()
