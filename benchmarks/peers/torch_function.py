"""The model as a function of PyTorch's, to be compiled or to be run with int8 weights."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.peers.loop import LEFT_OUT, bounds, draw
from benchmarks.peers.lstm import Floats, LSTMWeights, Product
from benchmarks.peers.torch_eager import tensor

Tensor = torch.Tensor
Multiply = Callable[[Tensor], Tensor]
# The caller in C++ too, and the weights as constants: the fastest of the four ways to set these.
_OPTIONS: dict[str, Any] = {"cpp_wrapper": True, "freezing": True}


def fp32(product: Product) -> Multiply:
    """In fp32."""
    weight, bias = tensor(product.weight), tensor(product.bias)
    return lambda x: torch.addmm(bias, x, weight)


def int8_weights(product: Product) -> Multiply:
    """In bf16 with int8 weights: PyTorch's own kernel for weights that are read faster than they are multiplied."""
    scale = tensor(product.weight).abs().amax(0).clamp(min=1e-8) / 127
    weight = (tensor(product.weight) / scale).round().to(torch.int8).T.contiguous()
    scale16, bias = scale.bfloat16(), tensor(product.bias)
    multiply: Any = torch._weight_int8pack_mm
    return lambda x: multiply(x.bfloat16(), weight, scale16).float() + bias


def int8(product: Product) -> Multiply:
    """In int8, what enters the product rounded by its own range, as ``quantize_dynamic`` does it."""
    weight = tensor(product.weight.T.copy())
    scale = weight.abs().amax(1).clamp(min=1e-8).double() / 127
    operators: Any = torch.ops.quantized
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is to go, but nothing as fast has come
        whole = torch.quantize_per_channel(weight, scale, torch.zeros(len(scale), dtype=torch.long), 0, torch.qint8)
    packed = operators.linear_prepack(whole, tensor(product.bias))
    return lambda x: operators.linear_dynamic(x, packed, False)


def _draw_compiled(logits: Tensor, noise: Tensor, top_p: float) -> Tensor:
    """`loop.draw` without a branch: an id is kept unless all likelier ones reach `top_p`."""
    if top_p < 1:
        likely = logits.softmax(1)
        logits = torch.where((likely * (likely > likely.T)).sum(1) < top_p, logits, LEFT_OUT)
    return (logits + noise).argmax(1, keepdim=True)


def draw_by_numpy(logits: Tensor, noise: Floats, top_p: float) -> Tensor:
    """`loop.draw`; NumPy takes a third of the time that PyTorch's own operations take for so few ids."""
    return torch.from_numpy(np.array([[draw(logits.numpy()[0], noise[0], top_p)]]))


class FunctionLoop:
    """One function a note; its state is handed on."""

    def __init__(self, weights: LSTMWeights, multiply: Callable[[Product], Multiply], *, compiled: bool) -> None:
        self._sizes, self._top_p = (
            weights.sizes,
            weights.top_p,
        )  # not the weights: what is compiled looks at all it can reach
        self._given, self._begins = tensor(weights.given.rows), tensor(weights.given.begins)
        self._recurrent, self._second = multiply(weights.recurrent), multiply(weights.second)
        self._told, self._heads = multiply(weights.told), [multiply(head) for head in weights.heads]
        self._drawn = [(tensor(table.rows), tensor(table.begins)) for table in weights.drawn]
        self._unknown = torch.tensor([weights.unknown])
        self._draw: Any = _draw_compiled if compiled else draw_by_numpy
        self._function: Any = self._note
        if compiled:
            torch._dynamo.reset()
            self._function = torch.compile(self._note, fullgraph=True, dynamic=False, options=_OPTIONS)
        zeros = [torch.zeros(1, weights.width) for _ in range(4)]
        self._state = [torch.tensor([weights.start_event]), *zeros]

    def prepared(self, noise: Floats) -> Sequence[Any]:
        """See `Loop`."""
        return list(tensor(noise)[:, None] if self._draw is _draw_compiled else noise[:, None])

    @torch.inference_mode()
    def note(self, noise: Any) -> Tensor:
        """See `Loop`."""
        logits, *self._state = self._function(noise, *self._state)
        return logits  # type: ignore[no-any-return]

    def _note(self, noise: Any, event: Tensor, h0: Tensor, c0: Tensor, h1: Tensor, c1: Tensor) -> tuple[Tensor, ...]:
        ids = torch.cat([event, self._unknown], 1) + self._begins
        h0, c0 = self._cell(self._given[ids].sum(1) + self._recurrent(h0), c0)
        h1, c1 = self._cell(self._second(torch.cat([h0, h1], 1)), c1)
        told = self._told(h1)
        contexts = told[:, self._sizes[0] :].chunk(len(self._heads), 1)
        drawn: list[Tensor] = []
        logits: list[Tensor] = []
        for field, (begin, end) in enumerate(bounds(self._sizes)):
            if field == 0:
                logits.append(told[:, :end])
            else:
                table, begins = self._drawn[field - 1]
                earlier = table[torch.cat(drawn, 1) + begins].sum(1)
                logits.append(self._heads[field - 1](torch.tanh(contexts[field - 1] + earlier)))
            drawn.append(self._draw(logits[field], noise[:, begin:end], self._top_p[field]))
        return torch.cat(logits, 1), torch.cat(drawn, 1), h0, c0, h1, c1

    def _cell(self, gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        width = c.shape[1]
        write, keep, show = torch.sigmoid(gates[:, : 3 * width]).chunk(3, 1)
        c = keep * c + write * torch.tanh(gates[:, 3 * width :])
        return show * torch.tanh(c), c
