"""What the Transformers among the rivals share: as many weights as longplay has, random ones; four tokens a note."""

from collections.abc import Callable

import torch

TOKENS_A_NOTE = 4
CONTEXT = 1024
LAYERS, WIDTH, HEADS = 6, 256, 4  # 12 * LAYERS * WIDTH**2 weights


def making(notes: int, generate: Callable[[int], int]) -> Callable[[], None]:
    """Work of so many notes, for something that makes so many tokens and tells how many it made."""
    tokens = TOKENS_A_NOTE * notes

    def make() -> None:
        made = generate(tokens)
        if made != tokens:
            raise AssertionError(f"{made} tokens were made, not {tokens}")

    return make


def size(model: torch.nn.Module) -> str:
    """How large a model is."""
    return f"{sum(each.numel() for each in model.parameters()) / 1e6:.1f} M weights"
