"""Hugging Face's `generate` on a GPT-2 of as many random weights, with its cache; four tokens a note."""

from collections.abc import Callable

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from benchmarks.peers.lstm import LSTMWeights
from benchmarks.peers.transformer import CONTEXT, HEADS, LAYERS, WIDTH, making, size


def generating(weights: LSTMWeights, notes: int) -> tuple[Callable[[], None], str]:
    """Return work of so many notes, and the model's size as text. The notes must fit the context."""
    torch.manual_seed(0)
    ids = sum(weights.sizes)
    config = GPT2Config(
        vocab_size=ids + 1,
        n_positions=CONTEXT,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=ids,
        eos_token_id=None,
        pad_token_id=0,
    )
    model = GPT2LMHeadModel(config).eval()
    start = torch.tensor([[ids]])

    def generate(tokens: int) -> int:
        made = model.generate(
            start, attention_mask=torch.ones_like(start), do_sample=True, top_k=0, max_new_tokens=tokens, use_cache=True
        )
        return int(made.shape[1]) - 1

    return making(notes, generate), size(model)
