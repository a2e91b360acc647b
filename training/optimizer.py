"""Optimize large matrices by Muon and everything else by AdamW, with one learning rate."""

from typing import Any

import torch

from training.model import NoteModel


class Optimizer:
    """The optimizer of a model.

    Muon updates the matrices of the backbone and of the product after it [1]_. It makes an update orthogonal and scales
    it to the size of an update of AdamW, so that one rate serves both [2]_. AdamW updates embeddings, heads and
    vectors. Vectors do not decay.

    References
    ----------
    .. [1] Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
    .. [2] Liu et al., "Muon is Scalable for LLM Training", arXiv:2502.16982, 2025.
    """

    def __init__(self, model: NoteModel, *, weight_decay: float) -> None:
        large = [weight for weight in [*model.backbone.parameters(), model.out.weight] if weight.ndim == 2]
        taken = {id(weight) for weight in large}
        rest = [weight for weight in model.parameters() if id(weight) not in taken]
        groups: list[dict[str, Any]] = [
            {"params": [weight for weight in rest if weight.ndim > 1]},
            {"params": [weight for weight in rest if weight.ndim == 1], "weight_decay": 0.0},
        ]
        self._parts: list[torch.optim.Optimizer] = [
            torch.optim.Muon(large, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(groups, weight_decay=weight_decay, betas=(0.9, 0.98), fused=True),
        ]
        self._weights = [*large, *rest]

    def step(self, rate: float, clip_norm: float) -> None:
        """Clip the gradient's norm, update every weight, and reset the gradient."""
        torch.nn.utils.clip_grad_norm_(self._weights, clip_norm)
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
