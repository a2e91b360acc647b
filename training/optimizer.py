"""Optimize large matrices by Muon and everything else by AdamW, with one learning rate."""

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

from training.model import NoteModel

MOMENTUM = 0.95
POLYNOMIAL, ROUNDS = (3.4445, -4.7750, 2.0315), 5


class Muon(torch.optim.Optimizer):
    """Muon [1]_ for matrices, with products in a precision of choice.

    PyTorch's Muon always multiplies in bf16. On a processor without bf16 units, this takes most of a step's time.
    An update is scaled to the size of an update of AdamW [2]_. Matrices of one shape are made orthogonal together.

    References
    ----------
    .. [1] Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
    .. [2] Liu et al., "Muon is Scalable for LLM Training", arXiv:2502.16982, 2025.
    """

    def __init__(self, weights: list[Tensor], *, weight_decay: float, precision: torch.dtype) -> None:
        super().__init__(weights, {"lr": 0.0, "weight_decay": weight_decay})
        self._precision = precision

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every weight that has a gradient."""
        for group in self.param_groups:
            by_shape = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape[weight.shape].append(weight)
            for shape, weights in by_shape.items():
                updates = orthogonal(torch.stack([self._update(weight) for weight in weights]).to(self._precision))
                for weight, update in zip(weights, updates, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update, alpha=-0.2 * math.sqrt(max(shape)) * group["lr"])

    def _update(self, weight: Tensor) -> Tensor:
        mean = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight))
        gradient = cast(Tensor, weight.grad)
        mean.lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(mean, MOMENTUM)


def orthogonal(matrices: Tensor) -> Tensor:
    """Bring the singular values of each matrix, (..., m, n), near one: 0.7 to 1.2, or less if they were tiny."""
    if matrices.shape[-2] > matrices.shape[-1]:
        return orthogonal(matrices.mT).mT
    matrices = matrices / matrices.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    first, third, fifth = POLYNOMIAL
    for _ in range(ROUNDS):
        square = matrices @ matrices.mT
        matrices = torch.baddbmm(
            matrices, torch.baddbmm(square, square, square, beta=third, alpha=fifth), matrices, beta=first
        )
    return matrices


class Optimizer:
    """The optimizer of a model.

    Muon updates the matrices of the backbone and of the product after it. AdamW updates embeddings, heads and vectors,
    with the same rate. Vectors do not decay.
    """

    def __init__(self, model: NoteModel, *, weight_decay: float, precision: torch.dtype = torch.float32) -> None:
        large = [weight for weight in [*model.backbone.parameters(), model.out.weight] if weight.ndim == 2]
        taken = {id(weight) for weight in large}
        rest = [weight for weight in model.parameters() if id(weight) not in taken]
        groups: list[dict[str, Any]] = [
            {"params": [weight for weight in rest if weight.ndim > 1]},
            {"params": [weight for weight in rest if weight.ndim == 1], "weight_decay": 0.0},
        ]
        self._parts: list[torch.optim.Optimizer] = [
            Muon(large, weight_decay=weight_decay, precision=precision),
            torch.optim.AdamW(groups, weight_decay=weight_decay, betas=(0.9, 0.98), fused=True),
        ]
        self._weights = [*large, *rest]

    def step(self, rate: float, clip_norm: float) -> None:
        """Clip the gradient's norm, update every weight, and reset the gradient.

        Raises
        ------
        FloatingPointError
            The gradient is not finite. The weights have not changed.
        """
        norm = torch.nn.utils.clip_grad_norm_(self._weights, clip_norm)
        if not bool(norm.isfinite()):
            raise FloatingPointError(f"the norm of the gradient must be finite, not {norm.item()}")
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad()

    def state_dict(self) -> list[dict[str, Any]]:
        """Return the state for `load_state_dict`."""
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        """Load the state of another optimizer of the same model."""
        for part, values in zip(self._parts, state, strict=True):
            part.load_state_dict(values)
