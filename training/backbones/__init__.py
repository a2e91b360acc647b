"""Define the backbones: the recurrent part of a model, between its embeddings and its heads.

Every backbone is a module with the interface `Backbone`, and `BACKBONES` names them all. To add a backbone, add a
module to this folder and its graph to `training/graphs/`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn

from training.backbones.far_transformer import SHORT_WINDOWS, FarTransformer
from training.backbones.lstm import LSTM
from training.backbones.transformer import RelativeTransformer, Transformer

State: TypeAlias = tuple[Tensor, ...]
"""The state of a backbone: tensors whose first axis is the row. All are zero before a piece."""


class Backbone(Protocol):
    """The interface, in addition to that of `torch.nn.Module`; the constructor takes `width` and `dropout`."""

    def zero_state(self, rows: int) -> State:
        """Return the state before a piece."""

    def __call__(self, given: Tensor, state: State) -> tuple[Tensor, State]:
        """Read steps of every row: (steps, rows, width) -> the same shape, and the state after them."""


BACKBONES: dict[str, Callable[[int, float], nn.Module]] = {
    "lstm": LSTM,
    "transformer": Transformer,
    "relative-transformer": RelativeTransformer,
    "far-transformer": FarTransformer,
    "short-transformer": partial(FarTransformer, windows=SHORT_WINDOWS),
}


def reset_rows(state: State, begins: Sequence[bool] | Tensor) -> State:
    """Zero the state of the rows in which a piece begins, and detach the gradient."""
    begins = torch.as_tensor(begins)
    return tuple(
        part.detach().masked_fill(begins.to(part.device).view(-1, *[1] * (part.ndim - 1)), 0) for part in state
    )
