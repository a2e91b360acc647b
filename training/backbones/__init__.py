"""What carries music from one note to the next. A model is a backbone between embeddings and heads.

Every backbone is a module with the interface `Backbone`; `BACKBONES` names them. To add one: a file here, and its
graph in `training/graphs/`.
"""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn

from training.backbones.attentive_lstm import AttentiveLSTM
from training.backbones.far_transformer import FarTransformer
from training.backbones.lstm import LSTM
from training.backbones.transformer import RelativeTransformer, Transformer

State: TypeAlias = tuple[Tensor, ...]
"""What a backbone remembers: tensors whose first axis is the row. All zeros before a piece."""


class Backbone(Protocol):
    """The interface, beside that of `torch.nn.Module`. A backbone is made from `width` and `dropout`."""

    def zero_state(self, rows: int) -> State:
        """Return the state before a piece."""

    def __call__(self, given: Tensor, state: State) -> tuple[Tensor, State]:
        """Hear steps of every row: (steps, rows, width) -> the same shape, and the state after them."""


BACKBONES: dict[str, type[nn.Module]] = {
    "lstm": LSTM,
    "attentive-lstm": AttentiveLSTM,
    "transformer": Transformer,
    "relative-transformer": RelativeTransformer,
    "far-transformer": FarTransformer,
}


def reset_rows(state: State, begins: Sequence[bool] | Tensor) -> State:
    """Set the state of the rows where a piece begins to zero, and cut the gradient."""
    begins = torch.as_tensor(begins)
    return tuple(
        part.detach().masked_fill(begins.to(part.device).view(-1, *[1] * (part.ndim - 1)), 0) for part in state
    )
