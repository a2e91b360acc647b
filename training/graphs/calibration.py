"""Measure the ranges of the channels that enter int8 products, and compute their divisors.

Rare values beyond a range are clipped, so that the others are rounded to finer steps.
"""

from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.graphs.builder import Floats
from training.model import NoteModel

Ranges: TypeAlias = dict[str, Floats]
"""What each channel's absolute values exceed in `CLIPPED` of the notes, by the name of a norm (its outputs) or of a
linear layer (its inputs) of the backbone."""

WINDOW = 256
CLIPPED = 0.001


@torch.no_grad()
def measure(model: NoteModel, events: NDArray[np.int64], controls: NDArray[np.int64]) -> Ranges:
    """Read music, (steps, rows, ...) from the beginning of pieces, and return the ranges."""
    beyond = max(1, round(CLIPPED * events.shape[0] * events.shape[1]))
    largest: dict[str, Tensor] = {}  # the largest values of each channel, in descending order

    def watch(name: str, module: nn.Module) -> Any:
        def see(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            channels = inputs[0] if isinstance(module, nn.Linear) else output
            values = channels.abs().flatten(0, -2).float()
            every = torch.cat([largest.get(name, values[:0]), values])
            largest[name] = every.topk(min(beyond, len(every)), dim=0).values

        return module.register_forward_hook(see)

    watched = {
        name: part for name, part in model.backbone.named_modules() if isinstance(part, nn.Linear | nn.LayerNorm)
    }
    hooks = [watch(name, part) for name, part in watched.items()]
    state = model.zero_state(events.shape[1])
    for begin in range(0, len(events), WINDOW):
        part = slice(begin, begin + WINDOW)
        _, state = model.run_backbone(torch.from_numpy(events[part]), torch.from_numpy(controls[part]), state)
    for hook in hooks:
        hook.remove()
    return {name: values[-1].numpy() for name, values in largest.items()}


def balance(largest: Floats, weight: Floats) -> Floats:
    """Return the divisors with which the ranges become 1 or less; `weight` is (channels, outputs).

    The divisors make the channels' ranges and their weights equally uneven [1]_. The weights have to be multiplied by
    the divisors.

    References
    ----------
    .. [1] Xiao et al., "SmoothQuant", arXiv:2211.10438, 2022.
    """
    largest, strongest = _without_zeros(largest), _without_zeros(np.abs(weight).max(axis=1))
    divisor = np.sqrt(largest / strongest)
    even: Floats = divisor * (largest / divisor).max()
    return even


def _without_zeros(values: Floats) -> Floats:
    """Return values of at least a thousandth of the largest one."""
    return np.maximum(values, max(1e-8, 1e-3 * values.max()))
