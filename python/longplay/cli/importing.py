"""Commands that import models of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.shared import path_argument, path_option


def keras(
    model: Annotated[Path, path_argument(help="File .h5 of a whole model that Keras saved.")],
    out: Annotated[Path, path_option("--out", "-o", help="Model folder to write.")],
    vocabulary: Annotated[Path, path_option(help="Symbols with their ids: .json, .npy or a pickle.")],
    window: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Symbols that the network reads; by default as in the file.")
    ] = None,
    pad: Annotated[
        str | None, typer.Option(help="Symbol before the first one; by default a short seed is repeated.")
    ] = None,
) -> None:
    """Import a network of LSTM layers over a window of symbols (docs/importing.md).

    The command needs the extra [import]. It checks the folder's log-probabilities against a count in float64.
    """
    from longplay.importing.folder import import_keras

    network = import_keras(model, vocabulary, out, window=window, pad=pad)
    print(f"{out}: {network.tokens} tokens, a window of {network.window}")


def torch(
    model: Annotated[Path, path_argument(help="State dict of an LSTM model or a GPT-2: .pt, .bin or .safetensors.")],
    out: Annotated[Path, path_option("--out", "-o", help="Model folder to write.")],
    vocabulary: Annotated[
        Path, path_option(help="tokenizer.json of MidiTok; or symbols with their ids: .json, .npy or a pickle.")
    ],
    heads: Annotated[
        int | None, typer.Option(min=1, help="Attention heads of GPT-2; by default as config.json beside it says.")
    ] = None,
) -> None:
    """Import a language model of PyTorch: LSTM layers or GPT-2 (docs/importing.md).

    The command needs the extra [import]. It checks the folder's log-probabilities against a count in float64.
    """
    from longplay.importing.torch import import_torch

    network = import_torch(model, vocabulary, out, heads=heads)
    print(f"{out}: {network.tokens} tokens, {type(network).__name__}")


def miditok(
    tokenizer: Annotated[Path, path_argument(help="File tokenizer.json that MidiTok saved.")],
    model: Annotated[Path, path_option(help="Model folder, whose config.json gets the vocabulary.")],
) -> None:
    """Give the tokens of a model folder the meaning of a tokenizer of MidiTok (docs/importing.md)."""
    from longplay.importing.miditok import import_miditok

    print(f"{model}: {import_miditok(tokenizer, model)} tokens")
