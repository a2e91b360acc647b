"""A decoder Transformer that attends to a window of the last notes."""

import itertools
import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD = 64
"""Width of a head."""
TURN = 4096
"""Every rotary frequency is a whole number of turns in so many notes: positions may wrap around there."""
BLOCK = 64
"""Notes that attend in one product: more of them multiply more that is outside the window, fewer run slower."""


class Transformer(nn.Module):
    """Layers of attention with rotary positions [1]_ and of gated linear units [2]_.

    A note sees itself and the `window - 1` notes before it, as far as the piece has them, and a sink: a learned logit
    of each head that takes part in the softmax and has the value zero, so that a head may hear nothing. Two heads
    share their keys and values [3]_. Queries and keys have length one times a learned sharpness, which keeps logits
    small at any learning rate [4]_.

    References
    ----------
    .. [1] Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", arXiv:2104.09864, 2021.
    .. [2] Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202, 2020.
    .. [3] Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models", arXiv:2305.13245, 2023.
    .. [4] Henry et al., "Query-Key Normalization for Transformers", arXiv:2010.04245, 2020.
    """

    def __init__(
        self, width: int, dropout: float = 0.0, *, layers: int = 6, shared: int = 2, window: int = 256
    ) -> None:
        super().__init__()
        if width % (HEAD * shared):
            raise ValueError(f"width must be a multiple of {HEAD * shared}, not {width}")
        self.width, self.window = width, window
        self.keys = width // HEAD // shared
        self.layers = nn.ModuleList(Layer(width, self.keys, shared, dropout) for _ in range(layers))
        self.last = nn.LayerNorm(width, bias=False)

    def zero_state(self, rows: int) -> tuple[Tensor, Tensor]:
        """Return the keys (not turned) and values of the last notes, and how many notes of them there are."""
        memory = self.last.weight.new_zeros(rows, len(self.layers), 2, self.keys, self.window - 1, HEAD)
        return memory, torch.zeros(rows, dtype=torch.int64, device=memory.device)

    def forward(self, given: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return what the last layer says of every step, and the state after the last."""
        past, heard = state
        steps, before = len(given), self.window - 1
        angles = rotations(torch.arange(before + steps, device=given.device))
        masks = self._masks(heard, steps)
        memory = []
        for layer, remembered in zip(self.layers, past.unbind(1), strict=True):
            given, remembered = cast(Layer, layer)(given, remembered, angles, masks)
            memory.append(remembered[..., steps:, :])
        return self.last(given), (torch.stack(memory, dim=1), (heard + steps).clamp(max=before))

    def _masks(self, heard: Tensor, steps: int) -> list[Tensor]:
        """For each `BLOCK` of notes what to add to its logits: (rows, notes, places from the first that is seen)."""
        before, masks = self.window - 1, []
        for begin in range(0, steps, BLOCK):
            note = torch.arange(begin, min(begin + BLOCK, steps), device=heard.device).view(-1, 1)
            place = torch.arange(begin, int(note[-1]) + self.window, device=heard.device)
            seen = (place >= note) & (place <= note + before) & (place >= before - heard.view(-1, 1, 1))
            masks.append(torch.zeros(seen.shape, device=heard.device).masked_fill(~seen, -math.inf))
        return masks


class Layer(nn.Module):
    """Attention, then a gated linear unit; each reads the stream through a norm, and adds to it."""

    def __init__(self, width: int, keys: int, shared: int, dropout: float) -> None:
        super().__init__()
        self.keys, self.shared = keys, shared
        hidden = round(width * 8 / 3 / 64) * 64
        self.before_attention, self.before_unit = (nn.LayerNorm(width, bias=False) for _ in range(2))
        self.query = nn.Linear(width, width, bias=False)
        self.key, self.value = (nn.Linear(width, keys * HEAD, bias=False) for _ in range(2))
        self.attended = nn.Linear(width, width, bias=False)
        self.gate, self.up = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down = nn.Linear(hidden, width, bias=False)
        self.sharpness = nn.Parameter(torch.ones(keys * shared))
        self.sink = nn.Parameter(torch.zeros(keys * shared))
        self.dropout = nn.Dropout(dropout)
        for product in (self.attended, self.down):  # at first a layer leaves the stream as it is
            nn.init.zeros_(product.weight)

    def forward(
        self, stream: Tensor, past: Tensor, angles: tuple[Tensor, Tensor], masks: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return the stream after the layer, and `past` with the keys and values of these steps behind it."""
        parts = _products(self.before_attention(stream), self.query, self.key, self.value)
        query, key, value = (part.view(*part.shape[:2], -1, HEAD).permute(1, 2, 0, 3) for part in parts)
        fresh = (functional.normalize(key, dim=-1), value)
        keys, values = (
            torch.cat([old.to(key.dtype), new], dim=2) for old, new in zip(past.unbind(1), fresh, strict=True)
        )
        query = query * (math.sqrt(HEAD) * self.sharpness.view(-1, 1, 1) / query.norm(dim=-1, keepdim=True)).to(
            key.dtype
        )
        heard = self._attend(
            rotate(query, *(part[-len(stream) :] for part in angles)), rotate(keys, *angles), values, masks
        )
        stream = stream + self.dropout(self.attended(heard))
        gate, up = _products(self.before_unit(stream), self.gate, self.up)
        return stream + self.dropout(self.down(functional.silu(gate) * up)), torch.stack([keys, values], dim=1)

    def _attend(self, query: Tensor, keys: Tensor, values: Tensor, masks: list[Tensor]) -> Tensor:
        """Return what the heads hear, side by side: (steps, rows, width)."""
        rows, _, steps, _ = query.shape
        query = query.view(rows, self.keys, self.shared, steps, HEAD)
        sink = self.sink.exp().to(query.dtype).view(self.keys, self.shared, 1, 1)
        heard, begin = [], 0
        for mask in masks:
            notes, seen = mask.shape[-2:]
            near, blocks = slice(begin, begin + seen), (rows, self.keys, self.shared, notes, -1)
            logits = query[..., begin : begin + notes, :].flatten(2, 3) @ keys[:, :, near].transpose(-1, -2)
            # The lengths bound the logits, so their greatest need not be taken from them.
            weights = (logits.view(blocks) + mask.to(query.dtype)[:, None, None]).exp()
            sums = (weights.flatten(2, 3) @ values[:, :, near]).view(blocks)
            heard.append(sums / (weights.sum(dim=-1, keepdim=True) + sink))
            begin += notes
        return torch.cat(heard, dim=3).permute(3, 0, 1, 2, 4).reshape(steps, rows, -1)


def turns() -> Tensor:
    """How often each pair of a head's channels turns in `TURN` notes, from one radian a note down to once: int64."""
    fastest = math.log(TURN / (2 * math.pi))
    return torch.linspace(fastest, 0, HEAD // 2, dtype=torch.float64).exp().round().long()


def rotations(positions: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the angles of those pairs, (positions, HEAD / 2)."""
    angles = positions.view(-1, 1) * turns().to(positions.device) % TURN * (2 * math.pi / TURN)
    return angles.cos(), angles.sin()


def rotate(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs of channels (i, i + HEAD / 2)."""
    first, second = heads.chunk(2, dim=-1)
    cos, sin = cos.to(heads.dtype), sin.to(heads.dtype)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def _products(given: Tensor, *linear: nn.Linear) -> list[Tensor]:
    """Multiply once for several layers."""
    weights = [each.weight for each in linear]
    together = functional.linear(given, torch.cat(weights))
    return list(together.tensor_split(list(itertools.accumulate(map(len, weights[:-1]))), dim=-1))
