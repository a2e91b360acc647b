"""From a state dict of PyTorch and the meaning of its tokens to a model folder."""

import json
from pathlib import Path
from typing import Any

from longplay._core import ModelError
from longplay._model.vocabulary import size_of_vocabulary
from longplay.importing.language import Gpt2, LanguageModel, language_model
from longplay.importing.language_graph import language_graph
from longplay.importing.miditok import start_of_miditok, vocabulary_of_miditok
from longplay.importing.state_dict import read_state_dict
from longplay.importing.symbols import read_symbols, vocabulary_of
from longplay.importing.writing import largest_difference, require_close, require_new, require_same_size, write_model

LARGEST_DIFFERENCE = 1e-4
"""Largest expected difference of the log-probability of a token, as drawn, from the count in float64."""

_CHECKED_TOKENS = 40


def import_torch(model: Path, vocabulary: Path, out: Path, *, heads: int | None = None) -> LanguageModel:
    """Write the model folder of a language model that PyTorch trained, and check what it computes.

    Parameters
    ----------
    model : Path
        The state dict of an LSTM model or of GPT-2; see `longplay.importing.language.language_model`.
    vocabulary : Path
        A ``tokenizer.json`` of MidiTok, or symbols with their ids; see `longplay.importing.symbols.read_symbols`.
    out : Path
        The folder to write, which must not exist.
    heads : int, optional
        The number of attention heads of GPT-2; by default ``n_head`` of the ``config.json`` beside the model.

    Returns
    -------
    LstmModel or Gpt2
        The network, in float64.

    Raises
    ------
    ModelError
        The files cannot be imported or do not belong together, or `out` exists; the message says why.
    Error
        A package of the extra ``import`` is missing.
    OSError
        A file cannot be read or written.
    """
    require_new(out)
    meaning, start = _vocabulary(vocabulary)
    network = language_model(str(model), read_state_dict(model), _heads(model) if heads is None else heads)
    tokens = network.tokens
    require_same_size(vocabulary, size_of_vocabulary(meaning), model, tokens)
    graph, states = language_graph(network)
    write_model(out, tokens, start, states, meaning, graph)
    last = min(_CHECKED_TOKENS, len(network.positions)) if isinstance(network, Gpt2) else _CHECKED_TOKENS
    before = [start] if start < tokens else []

    def expected(drawn: Any) -> Any:
        return network.log_probabilities([*before, *drawn])

    require_close(out, largest_difference(out, expected, last=last - len(before)), LARGEST_DIFFERENCE)
    return network


def _vocabulary(path: Path) -> tuple[dict[str, Any], int]:
    """Return the meaning of the tokens, and the id before the first."""
    if path.suffix == ".json" and b'"tokenization"' in path.read_bytes():
        return vocabulary_of_miditok(path), start_of_miditok(path)
    symbols = read_symbols(path)
    return vocabulary_of(symbols), len(symbols)


def _heads(model: Path) -> int | None:
    config = model.parent / "config.json"
    if not config.is_file():
        return None
    try:
        heads = json.loads(config.read_bytes()).get("n_head")
    except (ValueError, AttributeError) as problem:
        raise ModelError(f"{config} must be the config of {model}, in JSON") from problem
    return heads if type(heads) is int else None
