"""Attend to a window of the last notes, in training windows of any length."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD = 64
"""The width of a head."""
TURN = 4096
"""The period in notes: every rotary frequency makes a whole number of turns in it, so positions may wrap around."""
BLOCK = 64
"""Notes that attend in one product. More waste products outside the window; fewer run slower."""


class Attention(nn.Module):
    """Attention of each note to itself and the `window - 1` notes before it, as far as the piece has them.

    The softmax of each head has a sink, a learned logit whose value is zero, so that a head may attend to no note.
    Groups of `shared` heads have their keys and values in common [1]_. Queries and keys have length one, times a
    learned sharpness, which keeps logits small at any learning rate [2]_. The distance of a note enters by rotation of
    queries and keys [3]_. If `relative`, it enters by a product of the query with a learned vector of the distance
    instead [4]_.

    References
    ----------
    .. [1] Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models", arXiv:2305.13245, 2023.
    .. [2] Henry et al., "Query-Key Normalization for Transformers", arXiv:2010.04245, 2020.
    .. [3] Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", arXiv:2104.09864, 2021.
    .. [4] Huang et al., "Music Transformer", arXiv:1809.04281, 2018.
    """

    def __init__(self, width: int, *, window: int, shared: int = 2, relative: bool = False) -> None:
        super().__init__()
        if width % (HEAD * shared):
            raise ValueError(f"width must be a multiple of {HEAD * shared}, not {width}")
        self.window, self.shared, self.keys = window, shared, width // HEAD // shared
        self.query = nn.Linear(width, width, bias=False)
        self.key, self.value = (nn.Linear(width, self.keys * HEAD, bias=False) for _ in range(2))
        self.attended = nn.Linear(width, width, bias=False)
        self.sharpness = nn.Parameter(torch.ones(self.keys * shared))
        self.sink = nn.Parameter(torch.zeros(self.keys * shared))
        # The farthest distance comes first.
        self.distances = nn.Parameter(torch.zeros(self.keys, shared, window, HEAD)) if relative else None
        nn.init.zeros_(self.attended.weight)  # the output is zero at first

    def zero_memory(self, rows: int) -> Tensor:
        """Return the memory before a piece: unrotated keys, and values, (rows, 2, keys, window - 1, HEAD)."""
        return self.sink.new_zeros(rows, 2, self.keys, self.window - 1, HEAD)

    def attend(self, x: Tensor, memory: Tensor, masks: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Attend in every step: (steps, rows, width) -> the same shape, and the memory after them; see `masks_of`."""
        parts = products(x, self.query, self.key, self.value)
        query, key, value = (part.view(*part.shape[:2], -1, HEAD).permute(1, 2, 0, 3) for part in parts)
        length = math.sqrt(HEAD) * self.sharpness.view(-1, 1, 1)
        query = query * (length / query.norm(dim=-1, keepdim=True)).to(key.dtype)
        past = memory.to(key.dtype)
        keys = torch.cat([past[:, 0], functional.normalize(key, dim=-1)], dim=2)
        values = torch.cat([past[:, 1], value], dim=2)
        after = torch.stack([part[:, :, len(x) :] for part in (keys, values)], dim=1)
        if self.distances is None:
            angles = rotations(torch.arange(keys.shape[2], device=keys.device))
            query, keys = rotate(query, *(part[-len(x) :] for part in angles)), rotate(keys, *angles)
        output: Tensor = self.attended(self._mean(query, keys, values, masks))
        return output, after

    def _mean(self, query: Tensor, keys: Tensor, values: Tensor, masks: list[Tensor]) -> Tensor:
        """Return the weighted means of the values, with heads concatenated: (steps, rows, width)."""
        rows, _, steps, _ = query.shape
        query = query.reshape(rows, self.keys, self.shared, steps, HEAD)
        sink = self.sink.exp().to(query.dtype).view(self.keys, self.shared, 1, 1)
        means, begin = [], 0
        for mask in masks:
            notes, seen = mask.shape[-2:]
            near, blocks = slice(begin, begin + seen), (rows, self.keys, self.shared, notes, -1)
            asked = query[..., begin : begin + notes, :]
            logits = (asked.flatten(2, 3) @ keys[:, :, near].transpose(-1, -2)).view(blocks)
            if self.distances is not None:
                logits = logits + _skewed(asked @ self.distances.to(query.dtype).transpose(-1, -2))
            # The lengths bound the logits, so their maximum need not be subtracted.
            weights = (logits + mask.to(query.dtype)[:, None, None]).exp()
            sums = (weights.flatten(2, 3) @ values[:, :, near]).view(blocks)
            means.append(sums / (weights.sum(dim=-1, keepdim=True) + sink))
            begin += notes
        return torch.cat(means, dim=3).permute(3, 0, 1, 2, 4).reshape(steps, rows, -1)


def masks_of(count: Tensor, steps: int, window: int) -> list[Tensor]:
    """Return the mask to add to the logits of each `BLOCK` of notes: (rows, notes, positions from the first in reach).

    `count` is the number of notes in each row's memory, at most `window - 1`.
    """
    before, masks = window - 1, []
    for begin in range(0, steps, BLOCK):
        note = torch.arange(begin, min(begin + BLOCK, steps), device=count.device).view(-1, 1)
        position = torch.arange(begin, int(note[-1]) + window, device=count.device)
        seen = (position >= note) & (position <= note + before) & (position >= before - count.view(-1, 1, 1))
        masks.append(torch.zeros(seen.shape, device=count.device).masked_fill(~seen, -math.inf))
    return masks


def turns() -> Tensor:
    """Return the turns of each pair of channels in `TURN` notes, from one radian a note down to one turn: int64."""
    fastest = math.log(TURN / (2 * math.pi))
    return torch.linspace(fastest, 0, HEAD // 2, dtype=torch.float64).exp().round().long()


def rotations(positions: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cosines and sines of the angles of these pairs, (positions, HEAD / 2)."""
    angles = positions.view(-1, 1) * turns().to(positions.device) % TURN * (2 * math.pi / TURN)
    return angles.cos(), angles.sin()


def rotate(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the pairs of channels (i, i + HEAD / 2)."""
    first, second = heads.chunk(2, dim=-1)
    cos, sin = cos.to(heads.dtype), sin.to(heads.dtype)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def products(x: Tensor, *linear: nn.Linear) -> list[Tensor]:
    """Multiply by the weights of several layers in one product."""
    weights = [each.weight for each in linear]
    together = functional.linear(x, torch.cat(weights))
    return list(torch.split(together, [len(weight) for weight in weights], dim=-1))


def _skewed(by_distance: Tensor) -> Tensor:
    """Shift row n by n columns: (..., notes, window) -> (..., notes, notes + window - 1)."""
    notes, window = by_distance.shape[-2:]
    padded = functional.pad(by_distance, (0, notes)).flatten(-2)
    return padded[..., : notes * (notes + window - 1)].view(*by_distance.shape[:-1], -1)
