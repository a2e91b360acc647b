"""Calibrate int8 products, and train with their rounded numbers, so that a model learns to live with them [1]_.

References
----------
.. [1] Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
   arXiv:1712.05877, 2018.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from training.backbones.attention import HEAD
from training.backbones.far_transformer import FarLayer, FarTransformer
from training.corpus import Corpus
from training.graphs.builder import WEIGHT_MAX, array
from training.graphs.calibration import Ranges, measure
from training.graphs.functions import INPUT_SCALE
from training.graphs.parts import shared_divisor
from training.model import NoteModel
from training.streams import MIXES, Stream

CALIBRATION = (16, 1024)  # pieces, and first notes of each


def calibrate(model: NoteModel, data: Path) -> Ranges:
    """Measure the ranges that int8 needs, on training pieces of a prepared folder."""
    train = Corpus(data, "train", model.vocabulary)
    music = Stream(train, MIXES["all"], *CALIBRATION, random_seed=1).next()
    return measure(model, music.events, music.controls)


class Rounding:
    """Round the weights and the inputs of a model's products, as its int8 graph does.

    Parameters
    ----------
    model : NoteModel
        With a `FarTransformer`.
    ranges : dict
        From `calibrate`.

    Raises
    ------
    ValueError
        The model has another backbone.
    """

    def __init__(self, model: NoteModel, ranges: Ranges) -> None:
        backbone = model.backbone
        if not isinstance(backbone, FarTransformer):
            raise ValueError("rounded needs the backbone far-transformer or short-transformer")
        self._weights: list[tuple[Tensor, Tensor]] = []  # each with the divisors of its inputs
        self._inputs: list[tuple[nn.Module, Tensor]] = []
        for number, each in enumerate(backbone.layers):
            name, layer = f"layers.{number}.", cast(FarLayer, each)
            shape = (layer.keys, layer.shared, HEAD)
            heard = self._add(layer.attended, [layer.attended], ranges[f"{name}attended"], shape)
            gated = self._add(layer.down, [layer.down], ranges[f"{name}down"])
            asked = [layer.query, layer.key, layer.value]
            # The graph's values and units are divided by the divisors of the products that read them.
            self._add(layer.before_attention, asked, ranges[f"{name}before_attention"], last=heard.view(shape)[:, 0])
            self._add(layer.before_unit, [layer.gate, layer.up], ranges[f"{name}before_unit"], last=gated)
        self._add(backbone.last, [model.out], ranges["last"])
        for head in model.heads:  # what they read is in [-1, 1]
            self._weights.append((cast(nn.Linear, head).weight, torch.ones(model.head_width)))
            self._inputs.append((head, torch.ones(model.head_width)))

    def _add(
        self,
        module: nn.Module,
        products: Sequence[nn.Linear],
        largest: Any,
        shape: tuple[int, int, int] | None = None,
        *,
        last: Tensor | None = None,
    ) -> Tensor:
        """Add products that read a norm, or one that reads its own input; return the divisors of what they read.

        `last` has what the outputs of the last product are divided by in the graph.
        """
        weights = [array(product.weight) for product in products]
        if last is not None:
            weights[-1] = weights[-1] / last.reshape(-1, 1).numpy()
        divisor = torch.from_numpy(shared_divisor(largest, np.concatenate(weights).T, shape).astype(np.float32))
        self._weights += [(product.weight, divisor) for product in products]
        self._inputs.append((module, divisor))
        return divisor

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Round within the block, through which gradients pass as if nothing were rounded."""
        exact = [weight.detach().clone() for weight, _ in self._weights]
        hooks = [_watch(module, divisor) for module, divisor in self._inputs]
        try:
            for weight, divisor in self._weights:
                weight.data.copy_(_rounded(weight.detach(), divisor))
            yield
        finally:
            for hook in hooks:
                hook.remove()
            for (weight, _), before in zip(self._weights, exact, strict=True):
                weight.data.copy_(before)


def _rounded(weight: Tensor, divisor: Tensor) -> Tensor:
    """Return a weight, (outputs, inputs), as `training.graphs.builder.quantise` rounds it."""
    scaled = weight * divisor
    scale = scaled.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / WEIGHT_MAX
    return (scaled / scale).round() * scale / divisor


def _watch(module: nn.Module, divisor: Tensor) -> Any:
    """Clip and round the inputs of a linear layer, or the outputs of a norm; what is clipped gets no gradient."""
    unit = divisor * INPUT_SCALE

    def see(values: Tensor) -> Tensor:
        clipped = values.clamp(-127 * unit, 127 * unit)  # with a gradient, clipped values would grow without end
        with torch.no_grad():
            change = (clipped / unit).round_().mul_(unit).sub_(clipped)
        return clipped + change.to(values.dtype)

    if isinstance(module, nn.Linear):
        return module.register_forward_pre_hook(lambda _, inputs: (see(inputs[0]), *inputs[1:]))
    return module.register_forward_hook(lambda _, inputs, output: see(output))
