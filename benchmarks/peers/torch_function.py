"""The model as a PyTorch function, compiled or with int8 weights."""

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
# A caller in C++, and weights as constants: the fastest of the four combinations.
_OPTIONS: dict[str, Any] = {"cpp_wrapper": True, "freezing": True}


def fp32(product: Product) -> Multiply:
    """Multiply in fp32."""
    weight, bias = tensor(product.weight), tensor(product.bias)
    return lambda x: torch.addmm(bias, x, weight)


def int8_weights(product: Product) -> Multiply:
    """Multiply in bf16 with int8 weights, by PyTorch's kernel for them."""
    scale = tensor(product.weight).abs().amax(0).clamp(min=1e-8) / 127
    weight = (tensor(product.weight) / scale).round().to(torch.int8).T.contiguous()
    scale16, bias = scale.bfloat16(), tensor(product.bias)
    multiply: Any = torch._weight_int8pack_mm
    return lambda x: multiply(x.bfloat16(), weight, scale16).float() + bias


def int8(product: Product) -> Multiply:
    """Multiply in int8, with inputs rounded by their own range, as ``quantize_dynamic`` does."""
    weight = tensor(product.weight.T.copy())
    scale = weight.abs().amax(1).clamp(min=1e-8).double() / 127
    operators: Any = torch.ops.quantized
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, but PyTorch has nothing as fast
        whole = torch.quantize_per_channel(weight, scale, torch.zeros(len(scale), dtype=torch.long), 0, torch.qint8)
    packed = operators.linear_prepack(whole, tensor(product.bias))
    return lambda x: operators.linear_dynamic(x, packed, False)


def _draw_compiled(logits: Tensor, noise: Tensor, top_p: float) -> Tensor:
    """Draw as `loop.draw` does, without a branch: an id is kept unless all likelier ones reach `top_p`."""
    if top_p < 1:
        likely = logits.softmax(1)
        logits = torch.where((likely * (likely > likely.T)).sum(1) < top_p, logits, LEFT_OUT)
    return (logits + noise).argmax(1, keepdim=True)


def draw_by_numpy(logits: Tensor, noise: Floats, top_p: float) -> Tensor:
    """Draw by `loop.draw`: for so few ids, NumPy takes a third of the time of PyTorch's operations."""
    return torch.from_numpy(np.array([[draw(logits.numpy()[0], noise[0], top_p)]]))


class FunctionLoop:
    """Calls one function for a note, which takes and returns the state."""

    def __init__(self, weights: LSTMWeights, multiply: Callable[[Product], Multiply], *, compiled: bool) -> None:
        # The weights are no attribute: torch.compile examines all attributes.
        self._sizes, self._top_p = weights.sizes, weights.top_p
        self._inputs, self._begins = tensor(weights.inputs.rows), tensor(weights.inputs.begins)
        self._recurrent, self._second = multiply(weights.recurrent), multiply(weights.second)
        self._output, self._heads = multiply(weights.output), [multiply(head) for head in weights.heads]
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
        h0, c0 = self._cell(self._inputs[ids].sum(1) + self._recurrent(h0), c0)
        h1, c1 = self._cell(self._second(torch.cat([h0, h1], 1)), c1)
        output = self._output(h1)
        contexts = output[:, self._sizes[0] :].chunk(len(self._heads), 1)
        drawn: list[Tensor] = []
        logits: list[Tensor] = []
        for field, (begin, end) in enumerate(bounds(self._sizes)):
            if field == 0:
                logits.append(output[:, :end])
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
