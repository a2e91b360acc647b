"""Parts of the rivals that are Transformers: as many weights as longplay, but random; four tokens a note."""

from collections.abc import Callable

import torch

TOKENS_A_NOTE = 4
CONTEXT = 1024
LAYERS, WIDTH, HEADS = 6, 256, 4  # 12 * LAYERS * WIDTH**2 weights


def making(notes: int, generate: Callable[[int], int]) -> Callable[[], None]:
    """Return work of so many notes; `generate` makes a number of tokens and returns how many it made."""
    tokens = TOKENS_A_NOTE * notes

    def make() -> None:
        made = generate(tokens)
        if made != tokens:
            raise AssertionError(f"{made} tokens were generated instead of {tokens}")

    return make


def size(model: torch.nn.Module) -> str:
    """Return the size of a model as text."""
    return f"{sum(each.numel() for each in model.parameters()) / 1e6:.1f} M weights"
