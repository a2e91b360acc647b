"""The model in eager PyTorch, fp32: a hand-written cell, memory preallocated, the embeddings multiplied beforehand."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import embedding_bag

from benchmarks.peers.loop import bounds, draw
from benchmarks.peers.lstm import Floats, LSTMWeights, Product

Tensor = torch.Tensor


class EagerLoop:
    """Writes the result of every operation except the lookups into preallocated memory."""

    def __init__(self, weights: LSTMWeights) -> None:
        width, sizes = weights.width, weights.sizes
        self._inputs = tensor(weights.inputs.rows)
        self._inputs[: weights.inputs.begins[1]] += tensor(weights.recurrent.bias)  # no step adds it
        self._begins = tensor(weights.inputs.begins)
        self._recurrent = tensor(weights.recurrent.weight)
        self._second, self._output = _pair(weights.second), _pair(weights.output)
        self._drawn = [(tensor(table.rows), tensor(table.begins)) for table in weights.drawn]
        self._heads = [_pair(head) for head in weights.heads]

        self._h = torch.zeros(1, 2 * width)  # of both layers, in one row: the second layer's input
        self._h0, self._h1 = self._h[:, :width], self._h[:, width:]
        self._c0, self._c1, self._shown = (torch.zeros(1, width) for _ in range(3))
        self._gates = torch.zeros(1, 4 * width)
        self._opened, self._candidate = self._gates[:, : 3 * width], self._gates[:, 3 * width :]
        self._write, self._keep, self._show = self._opened.chunk(3, 1)

        self._logits = torch.zeros(1, sum(sizes))
        self._fields = [self._logits[:, begin:end] for begin, end in bounds(sizes)]
        # The same memory for NumPy, which draws from so few ids in a third of PyTorch's time.
        self._rows_of_fields = [field.numpy()[0] for field in self._fields]
        output = torch.zeros(1, weights.output.bias.size)
        self._out, contexts = output, output[:, sizes[0] :]
        self._first = output[:, : sizes[0]]
        self._contexts = contexts.chunk(len(self._heads), 1)
        self._hidden = torch.zeros_like(self._contexts[0])
        self._ids = torch.tensor([[*weights.start_event, *weights.unknown]])
        self._rows = torch.zeros_like(self._ids)
        self._event = self._ids.numpy()[0]
        self._before = [self._ids[:, : field + 1] for field in range(len(self._heads))]
        self._sizes, self._top_p = sizes, weights.top_p

    def prepared(self, noise: Floats) -> Sequence[list[Floats]]:
        """See `Loop`."""
        return [[row[begin:end] for begin, end in bounds(self._sizes)] for row in noise]

    @torch.inference_mode()
    def note(self, noise: list[Floats]) -> Tensor:
        """See `Loop`."""
        torch.add(self._ids, self._begins, out=self._rows)
        inputs = embedding_bag(self._rows, self._inputs, mode="sum")
        torch.addmm(inputs, self._h0, self._recurrent, out=self._gates)
        self._cell(self._c0, self._h0)
        torch.addmm(self._second[1], self._h, self._second[0], out=self._gates)
        self._cell(self._c1, self._h1)
        torch.addmm(self._output[1], self._h1, self._output[0], out=self._out)
        self._fields[0].copy_(self._first)
        self._draw(0, noise)
        for field, (weight, bias) in enumerate(self._heads, start=1):
            table, begins = self._drawn[field - 1]
            drawn = embedding_bag(self._before[field - 1] + begins, table, mode="sum")
            torch.add(self._contexts[field - 1], drawn, out=self._hidden)
            torch.addmm(bias, self._hidden.tanh_(), weight, out=self._fields[field])
            self._draw(field, noise)
        return self._logits

    def _cell(self, c: Tensor, h: Tensor) -> None:
        self._opened.sigmoid_()
        self._candidate.tanh_()
        c.mul_(self._keep).addcmul_(self._write, self._candidate)
        torch.tanh(c, out=self._shown)
        torch.mul(self._show, self._shown, out=h)

    def _draw(self, field: int, noise: list[Floats]) -> None:
        self._event[field] = draw(self._rows_of_fields[field], noise[field], self._top_p[field])


def tensor(array: Any) -> Tensor:
    """Return a tensor that owns its memory."""
    return torch.tensor(array)


def _pair(product: Product) -> tuple[Tensor, Tensor]:
    return tensor(product.weight), tensor(product.bias)
