"""From a network and the meaning of its symbols to a model folder."""

import json
from pathlib import Path

import numpy as np

from longplay._base.require import show
from longplay._core import ModelError
from longplay.files import write_whole
from longplay.importing.graph import step_graph, window_states
from longplay.importing.keras import read_keras
from longplay.importing.network import Layer, Lstm, Network, Scale
from longplay.importing.symbols import read_symbols, vocabulary_of
from longplay.model import Model

LARGEST_DIFFERENCE = 1e-5
"""Largest expected difference of the log-probability of a token, as drawn, from the count in float64."""

_CHECKED_WINDOWS = 20


def import_keras(
    model: Path, vocabulary: Path, out: Path, *, window: int | None = None, pad: str | None = None
) -> Network:
    """Write the model folder of a windowed network that Keras saved as HDF5, and check what it computes.

    Parameters
    ----------
    model : Path
        The ``.h5`` file of a whole model: LSTM, Dense, BatchNormalization and Dropout layers.
    vocabulary : Path
        The symbols with their ids; see `longplay.importing.symbols.read_symbols`.
    out : Path
        The folder to write, which must not exist.
    window : int, optional
        Number of symbols that the network reads; needed if the file does not say it.
    pad : str, optional
        Symbol that stands before the first one. Without it, a short seed is repeated until it fills the window.

    Returns
    -------
    Network
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
    if out.exists():
        raise ModelError(f"{out} must not exist")
    symbols = read_symbols(vocabulary)
    meaning = vocabulary_of(symbols)
    layers, steps = read_keras(model)
    if window is not None and steps not in (None, window):
        raise ModelError(f"window must be {steps}, as in {model}, not {window}")
    network = _network(model, vocabulary, layers, len(symbols), steps if window is None else window)
    if pad is not None and pad not in symbols:
        raise ModelError(f"pad must be a symbol of {vocabulary}, not {show(pad)}")
    first = None if pad is None else symbols.index(pad)
    config = {
        "format": 2,
        "name": out.name,
        "fields": [{"name": "token", "size": network.tokens}],
        "start_event": [network.tokens if first is None else first],
        "controls": [],
        "states": window_states(network, first),
        "states_in_place": False,
        "vocabulary": meaning,
    }
    graph = step_graph(network, first)
    out.mkdir(parents=True)
    write_whole(out / "step.onnx", graph, overwrite=False)
    write_whole(out / "config.json", json.dumps(config).encode(), overwrite=False)
    if (difference := largest_difference(out, network)) > LARGEST_DIFFERENCE:
        raise ModelError(f"{out}: log-probabilities must be within {LARGEST_DIFFERENCE} of float64, not {difference}")
    return network


def largest_difference(folder: Path, network: Network, windows: int = _CHECKED_WINDOWS) -> float:
    """Return how far log-probabilities of a model folder are from those of its network.

    The largest over windows of tokens that the model draws, of the mean over the next token. Windows of random tokens
    would not do: there, and for tokens that are never drawn, a trained network amplifies the rounding of float32.
    """
    model = Model(folder)
    random = np.random.default_rng(0)
    tokens: list[int] = []
    token, worst = model.start_event[0], 0.0
    while len(tokens) < network.window + windows:
        logits = model.step(np.array([[token]]), np.empty((1, 0), np.int64))[0].astype(np.float64)
        shifted = logits - logits.max()
        found = shifted - np.log(np.exp(shifted).sum())
        if len(tokens) >= network.window:
            expected = network.log_probabilities(np.array(tokens[-network.window :]))
            worst = max(worst, float((np.exp(expected) * np.abs(found - expected)).sum()))
        token = int(random.choice(network.tokens, p=np.exp(found) / np.exp(found).sum()))
        tokens.append(token)
    return worst


def _network(model: Path, vocabulary: Path, layers: tuple[Layer, ...], tokens: int, window: int | None) -> Network:
    """Check that sizes belong together, and return the network."""
    if window is None:
        raise ModelError(f"window must be given, because {model} does not say how many symbols its network reads")
    if not any(isinstance(layer, Lstm) and not layer.returns_all for layer in layers):
        raise ModelError(f"{model} must have an LSTM layer that returns its last output")
    inputs, width = _width_in(layers[0]), 0
    for number, layer in enumerate(layers):
        if number > 0 and _width_in(layer) not in (width, 1):
            raise ModelError(f"{model}: a layer must have {width} inputs, as the layer before it has outputs")
        width = _width_out(layer, width)
    if inputs not in (1, tokens) or width != tokens:
        belongs = f"{inputs} inputs and {width} outputs" if inputs not in (1, width) else f"{width} outputs"
        raise ModelError(
            f"{vocabulary} has {tokens} symbols but {model} has {belongs}: the vocabulary must be the one that the "
            "model was trained with"
        )
    return Network(layers, tokens, window, one_hot=inputs == tokens)


def _width_in(layer: Layer) -> int:
    return layer.factor.size if isinstance(layer, Scale) else len(layer.kernel)


def _width_out(layer: Layer, width: int) -> int:
    if isinstance(layer, Scale):
        return width
    kernel = layer.recurrent_kernel.T if isinstance(layer, Lstm) else layer.kernel
    return int(kernel.shape[1])
