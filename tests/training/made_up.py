"""Make random music and weights."""

import numpy as np
import torch
from numpy.typing import NDArray

from training import tables


def awake(backbone: torch.nn.Module) -> torch.nn.Module:
    """Set weights with which every part of the backbone has an effect."""
    random = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for weight in backbone.parameters():
            if weight.ndim > 1:
                weight.copy_(torch.randn(weight.shape, generator=random) / weight.shape[-1] ** 0.5)
            elif not weight.any():
                weight.copy_(torch.randn(weight.shape, generator=random))
    return backbone.eval()


def steps(count: int, rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return events (with START), controls, and drawn ids: (count, rows, ...)."""
    random = np.random.default_rng(2)
    events = np.stack([random.integers(0, size + 1, (count, rows)) for size in tables.SIZES], axis=-1)
    controls = np.stack([random.integers(0, size, (count, rows)) for size in tables.CONTROL_SIZES], axis=-1)
    drawn = np.stack([random.integers(0, size, (count, rows)) for size in tables.SIZES], axis=-1)
    return events, controls, drawn
