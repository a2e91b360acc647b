"""Define a decoder Transformer in which some layers attend to far notes."""

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from training.backbones.attention import BLOCK, HEAD, TURN

WINDOWS = (128, 128, 1024, 1024, 128, 128)
"""The window of each layer in notes, the current note included."""
SHORT_WINDOWS = (128, 1024, 128)
"""The windows of half as many layers."""
KEPT = 256
"""The first notes of a piece, to which layers with long windows attend until its end."""
SHARPEST = 8
"""The largest sharpness: logits of at most 64, whose exponentials fp32 can add."""
TURNING = HEAD // 4
"""The pairs of a head's channels that near layers rotate by the position; the other pairs are not rotated."""
SLOWEST = 16
"""The turns of the slowest rotated pair in `TURN` notes."""


class FarTransformer(nn.Module):
    """Layers of attention, each with its own window, and of gated linear units [4]_.

    Layers with long windows stand between layers with short windows [1]_. The gradient stays within the notes of one
    call; earlier keys and values are used as they were computed, as in Transformer-XL [5]_. Each channel of queries,
    keys and values adds a learned part of its value one note ago [2]_. One layer can therefore find what followed the
    same notes last time. Layers with the shortest window encode distances by rotating a part of the channels [3]_. The
    other layers encode no distances [6]_, and find similar notes at any distance. Their window holds the first
    `kept` notes of a piece until its end. These notes stand for the seed of a piece.

    References
    ----------
    .. [1] Beltagy et al., "Longformer: The Long-Document Transformer", arXiv:2004.05150, 2020.
    .. [2] So et al., "Primer: Searching for Efficient Transformers for Language Modeling", arXiv:2109.08668, 2021.
    .. [3] Barbero et al., "Round and Round We Go! What makes Rotary Positional Encodings useful?", arXiv:2410.06205,
       2024.
    .. [4] Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202, 2020.
    .. [5] Dai et al., "Transformer-XL", arXiv:1901.02860, 2019.
    .. [6] Yang et al., "Rope to Nope and Back Again: A New Hybrid Attention Strategy", arXiv:2501.18795, 2025.
    """

    def __init__(self, width: int, dropout: float = 0.0, *, windows: Sequence[int] = WINDOWS, kept: int = KEPT) -> None:
        super().__init__()
        near, self.kept = min(windows), kept
        self.layers = nn.ModuleList(
            FarLayer(width, window, dropout, turning=window == near, kept=0 if window == near else kept)
            for window in windows
        )
        self.last = nn.LayerNorm(width, bias=False)

    def zero_state(self, rows: int) -> tuple[Tensor, ...]:
        """Return the memory of every layer, its unshifted products of the last note, and the number of notes read."""
        layers = [cast(FarLayer, layer) for layer in self.layers]
        memories = [layer.zero_memory(rows) for layer in layers]
        asked = self.last.weight.new_zeros(rows, len(layers), len(layers[0].earlier))
        return *memories, asked, torch.zeros(rows, dtype=torch.int64, device=asked.device)

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the output of the last layer at every step, and the state after the last step."""
        *memories, asked, count = state
        positions = count.view(-1, 1) + torch.arange(len(x), device=count.device)
        turns = far_turns()[:TURNING].to(count.device)
        angles = (positions % TURN)[..., None] * turns % TURN * (2 * math.pi / TURN)
        turned, counts = (angles.cos()[:, None], angles.sin()[:, None]), count.tolist()
        after: list[Tensor] = []
        last: list[Tensor] = []
        for layer, memory, before in zip(self.layers, memories, asked.unbind(1), strict=True):
            x, memory, before = layer(x, memory, before, turned, counts)
            after.append(memory)
            last.append(before)
        return self.last(x), (*after, torch.stack(last, dim=1), count + len(x))


class FarLayer(nn.Module):
    """Attention to a window, and a gated linear unit, each of which reads the stream through a norm and adds to it.

    The sink of each softmax, the shared keys and values, and the lengths of queries and keys are those of
    `training.backbones.attention.Attention`.
    """

    def __init__(
        self, width: int, window: int, dropout: float, *, turning: bool, kept: int = 0, shared: int = 2
    ) -> None:
        super().__init__()
        if width % (HEAD * shared):
            raise ValueError(f"width must be a multiple of {HEAD * shared}, not {width}")
        self.window, self.kept, self.turning = window, kept, turning
        self.shared, self.keys = shared, width // HEAD // shared
        self.query = nn.Linear(width, width, bias=False)
        self.key, self.value = (nn.Linear(width, self.keys * HEAD, bias=False) for _ in range(2))
        self.earlier = nn.Parameter(torch.zeros(width + 2 * self.keys * HEAD))
        self.attended = nn.Linear(width, width, bias=False)
        self.sharpness = nn.Parameter(torch.ones(self.keys * shared))
        self.sink = nn.Parameter(torch.zeros(self.keys * shared))
        hidden = round(width * 8 / 3 / 64) * 64
        self.before_attention, self.before_unit = (nn.LayerNorm(width, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(width, hidden, bias=False) for _ in range(2))
        self.down = nn.Linear(hidden, width, bias=False)
        self.dropout = nn.Dropout(dropout)
        for weight in (self.attended.weight, self.down.weight):
            nn.init.zeros_(weight)  # at first a layer does not change the stream

    def zero_memory(self, rows: int) -> Tensor:
        """Return the memory before a piece: keys after any rotation, and values, (rows, 2, keys, window - 1, HEAD)."""
        return self.sink.new_zeros(rows, 2, self.keys, self.window - 1, HEAD)

    def forward(
        self, stream: Tensor, memory: Tensor, before: Tensor, turned: tuple[Tensor, Tensor], counts: list[int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the stream after the layer, its memory, and its unshifted products of the last note."""
        weights = [self.query.weight, self.key.weight, self.value.weight]
        asked = functional.linear(self.before_attention(stream), torch.cat(weights))
        shifted = torch.cat([before.to(asked.dtype)[None], asked[:-1]])
        asking = torch.addcmul(asked, shifted, self.earlier.to(asked.dtype))
        query, key, value = torch.split(asking, [len(weight) for weight in weights], dim=-1)
        mean, memory = self.attend(query, key, value, memory, turned, counts)
        stream = stream + self.dropout(self.attended(mean))
        normed = self.before_unit(stream)
        gated = functional.silu(self.gate(normed)) * self.up(normed)  # splitting one product is slower
        return stream + self.dropout(self.down(gated)), memory, asked[-1].detach()

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        memory: Tensor,
        turned: tuple[Tensor, Tensor],
        counts: list[int],
    ) -> tuple[Tensor, Tensor]:
        """Return the weighted means of the values, (steps, rows, width), and the memory after these steps."""
        steps, rows, width = query.shape
        if self.kept and steps >= self.window - self.kept:
            raise ValueError(f"a call must have at most {self.window - self.kept - 1} notes, not {steps}")
        # (rows, keys, steps, shared, HEAD), and the same without `shared`
        asking = query.view(steps, rows, self.keys, self.shared, HEAD).permute(1, 2, 0, 3, 4)
        key, value = (part.view(steps, rows, self.keys, HEAD).permute(1, 2, 0, 3) for part in (key, value))
        with torch.no_grad():
            self.sharpness.clamp_(max=SHARPEST)
        length = math.sqrt(HEAD) * self.sharpness.view(self.keys, 1, self.shared, 1)
        asking = asking * (length / asking.norm(dim=-1, keepdim=True).clamp(min=1e-12)).to(asking.dtype)
        key = functional.normalize(key, dim=-1)
        if self.turning:
            asking, key = _turn(asking, *(part[..., None, :] for part in turned)), _turn(key, *turned)
        sink = self.sink.exp().to(key.dtype).view(self.keys, self.shared)
        past = memory.to(key.dtype)
        mean = cast(Tensor, _Attend.apply(asking, key, value, past, sink, counts, self.kept))  # type: ignore[no-untyped-call]
        fresh = torch.stack([key, value], dim=1).detach()
        after = torch.cat([past[:, :, :, steps:], fresh[:, :, :, -(self.window - 1) :]], dim=3)
        for row, count in enumerate(counts if self.kept else ()):
            first = max(0, self.window - 1 - count)
            if first < steps:  # the first notes would leave the memory
                after[row, :, :, : self.kept] = past[row, :, :, first : first + self.kept]
        return mean.permute(2, 0, 1, 3, 4).reshape(steps, rows, width), after


class _Attend(torch.autograd.Function):
    """Attention whose softmax has a sink, by row and block: only over notes present, within the processor's caches.

    Past keys and values get no gradient, which saves two of six products. The lengths of queries and keys bound the
    logits, so the softmax does not need to subtract their maximum.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, past: Tensor, sink: Tensor, counts: list[int], kept: int
    ) -> Tensor:
        rows, keys, steps, shared, _ = query.shape
        query, key, value, reach = query.contiguous(), key.contiguous(), value.contiguous(), past.shape[3]
        mean = torch.empty_like(query)
        every = sink.repeat(1, BLOCK)[..., None]  # for each note and head
        blocks = []
        for row in range(rows):
            there = min(counts[row], reach)
            known = [torch.cat([past[row, i, :, reach - there :], part[row]], 1) for i, part in enumerate((key, value))]
            for begin in range(0, steps, BLOCK):
                end = min(begin + BLOCK, steps)
                first = max(0, there + begin - reach)
                asked = query[row, :, begin:end].flatten(1, 2)
                seen = [_seen(part, kept, first, there + end) for part in known]
                weights = (asked @ seen[0].mT).exp_()
                _hide(weights.view(keys, end - begin, shared, -1), kept, there + begin - reach - first)
                total = weights.sum(dim=-1, keepdim=True) + every[:, : asked.shape[1]]
                mean[row, :, begin:end] = ((weights @ seen[1]) / total).view(keys, -1, shared, HEAD)
                blocks.append((row, begin, end, first, there, known, weights, total))
        ctx.save_for_backward(query, mean)
        ctx.blocks, ctx.kept = blocks, kept
        return mean

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, mean = ctx.saved_tensors
        gradient = gradient.contiguous()
        rows, keys, steps, shared, _ = query.shape
        for_query, for_sink = torch.empty_like(query), query.new_zeros(keys, shared)
        for_key, for_value = (query.new_zeros(rows, keys, steps, HEAD) for _ in range(2))
        for row, begin, end, first, there, known, weights, total in ctx.blocks:
            seen = [_seen(part, ctx.kept, first, there + end) for part in known]
            asked, averaged, wanted = (part[row, :, begin:end].flatten(1, 2) for part in (query, mean, gradient))
            wanted = wanted / total
            common = (wanted * averaged).sum(dim=-1, keepdim=True)
            for_sink -= common.view(keys, -1, shared).sum(dim=1)
            for_logits = (wanted @ seen[1].mT).sub_(common).mul_(weights)
            for_query[row, :, begin:end] = (for_logits @ seen[0]).view(keys, -1, shared, HEAD)
            old = max(0, there - first)  # notes before this call
            fresh = slice(first + old - there, end)
            for_key[row, :, fresh].baddbmm_(for_logits[..., old:].mT, asked)
            for_value[row, :, fresh].baddbmm_(weights[..., old:].mT, wanted)
        return for_query, for_key, for_value, None, for_sink, None, None


def _turn(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the first pairs of channels, one for each angle."""
    first, still, second, also_still = torch.split(heads, [TURNING, HEAD // 2 - TURNING] * 2, dim=-1)
    cos, sin = cos.to(heads.dtype), sin.to(heads.dtype)
    return torch.cat([first * cos - second * sin, still, second * cos + first * sin, also_still], dim=-1)


def _seen(notes: Tensor, kept: int, first: int, end: int) -> Tensor:
    """Return the first `kept` of `notes`, (keys, notes, HEAD), and those after `kept + first`, up to `end`."""
    if not (kept and first):
        return notes[:, first:end]
    return torch.cat([notes[:, :kept], notes[:, kept + first : end]], dim=1)


def _hide(weights: Tensor, kept: int, before: int) -> None:
    """Set weights outside a note's window to zero; `weights` is (keys, notes, shared, seen), up to the last note.

    The window of the first note begins at index `before`, 0 or less, and that of each further note one index later.
    The first `kept` indices are in every window, and are not counted.
    """
    notes = weights.shape[1]
    index = torch.arange(notes, device=weights.device)
    later = index > index.view(-1, 1)
    weights[..., -notes:].masked_fill_(later[:, None], 0)
    if notes + before > 1:
        weights[..., kept : kept + notes].masked_fill_((index < index.view(-1, 1) + before)[:, None], 0)


def far_turns() -> Tensor:
    """Return the turns of each pair of a head's channels in `TURN` notes: one radian a note to `SLOWEST`, then 0."""
    fastest = math.log(TURN / (2 * math.pi))
    turning = torch.linspace(fastest, math.log(SLOWEST), TURNING, dtype=torch.float64).exp().round().long()
    return functional.pad(turning, (0, HEAD // 2 - TURNING))
