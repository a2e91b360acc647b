"""Model folders of imported networks."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay._core import ModelError
from longplay.files import write_whole
from longplay.model import Model

_CHECKED_TOKENS = 20


def config_of(
    name: str, tokens: int, start: int, meaning: Mapping[str, Any], states: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return the config.json of a model of tokens."""
    return {
        "format": 2,
        "name": name,
        "fields": [{"name": "token", "size": tokens}],
        "start_event": [start],
        "controls": [],
        "states": list(states),
        "states_in_place": False,
        "vocabulary": meaning,
    }


def write_model(
    out: Path, tokens: int, start: int, states: Sequence[Mapping[str, Any]], meaning: Mapping[str, Any], graph: bytes
) -> None:
    """Write the folder of a model of tokens, which must not exist."""
    config = config_of(out.name, tokens, start, meaning, states)
    out.mkdir(parents=True)
    write_whole(out / "step.onnx", graph, overwrite=False)
    write_whole(out / "config.json", json.dumps(config).encode(), overwrite=False)


def require_new(out: Path) -> None:
    """Refuse a folder that exists."""
    if out.exists():
        raise ModelError(f"{out} must not exist")


def require_same_size(vocabulary: Path, tokens: int, model: Path, outputs: int) -> None:
    """Refuse a vocabulary that does not belong to a model."""
    if tokens != outputs:
        raise ModelError(
            f"{vocabulary} has {tokens} tokens but {model} has {outputs}: the vocabulary must be the one that the "
            "model was trained with"
        )


def largest_difference(
    folder: Path,
    expected: Callable[[Sequence[int]], NDArray[np.float64]],
    first: int = 1,
    last: int = _CHECKED_TOKENS,
) -> float:
    """Return how far log-probabilities of a model folder are from those that a network should have.

    The largest over beginnings of `first` to `last` tokens that the model draws, of the mean over the next token.
    Random tokens would not do: there, and for tokens that are never drawn, a trained network amplifies the rounding of
    float32.
    """
    model = Model(folder)
    random = np.random.default_rng(0)
    tokens: list[int] = []
    token, worst = model.start_event[0], 0.0
    while len(tokens) < last:
        logits = model.step(np.array([[token]]), np.empty((1, 0), np.int64))[0].astype(np.float64)
        shifted = logits - logits.max()
        found = shifted - np.log(np.exp(shifted).sum())
        if len(tokens) >= first:
            wanted = expected(tokens)
            worst = max(worst, float((np.exp(wanted) * np.abs(found - wanted)).sum()))
        token = int(random.choice(len(found), p=np.exp(found) / np.exp(found).sum()))
        tokens.append(token)
    return worst


def require_close(folder: Path, difference: float, most: float) -> None:
    """Refuse a folder that does not compute what its network computes."""
    if not difference <= most:
        raise ModelError(f"{folder}: log-probabilities must be within {most} of float64, not {difference}")
