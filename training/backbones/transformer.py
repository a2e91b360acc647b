"""Define decoder Transformers that attend to a window of the last notes."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.backbones.attention import Attention, masks_of, products


class Transformer(nn.Module):
    """Layers of attention, with rotary positions, and of gated linear units."""

    RELATIVE = False

    def __init__(self, width: int, dropout: float = 0.0, *, layers: int = 6, window: int = 256) -> None:
        super().__init__()
        self.window = window
        self.layers = nn.ModuleList(Layer(width, window, dropout, relative=self.RELATIVE) for _ in range(layers))
        self.last = nn.LayerNorm(width, bias=False)

    def zero_state(self, rows: int) -> tuple[Tensor, Tensor]:
        """Return the memory of every layer, and the number of notes in it."""
        memory = torch.stack([cast(Layer, layer).zero_memory(rows) for layer in self.layers], dim=1)
        return memory, torch.zeros(rows, dtype=torch.int64, device=memory.device)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the output of the last layer at every step, and the state after the last step."""
        memory, count = state
        masks, after = masks_of(count, len(x), self.window), []
        count = (count + len(x)).clamp(max=self.window - 1)
        for layer, layer_memory in zip(self.layers, memory.unbind(1), strict=True):
            x, layer_memory = layer(x, layer_memory, masks)
            after.append(layer_memory)
        return self.last(x), (torch.stack(after, dim=1), count)


class RelativeTransformer(Transformer):
    """A `Transformer` with learned vectors of distances, as in Music Transformer, instead of rotary positions."""

    RELATIVE = True


class Layer(Attention):
    """Attention and a gated linear unit [1]_, each of which reads the stream through a norm and adds to it.

    References
    ----------
    .. [1] Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202, 2020.
    """

    def __init__(self, width: int, window: int, dropout: float, *, relative: bool) -> None:
        super().__init__(width, window=window, relative=relative)
        hidden = round(width * 8 / 3 / 64) * 64
        self.before_attention, self.before_unit = (nn.LayerNorm(width, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down = nn.Linear(hidden, width, bias=False)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.down.weight)  # at first a layer does not change the stream

    def forward(self, stream: Tensor, memory: Tensor, masks: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the stream after the layer, and its memory."""
        attended, memory = self.attend(self.before_attention(stream), memory, masks)
        stream = stream + self.dropout(attended)
        gate, up = products(self.before_unit(stream), self.gate, self.up)
        return stream + self.dropout(self.down(functional.silu(gate) * up)), memory
