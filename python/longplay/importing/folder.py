"""From a network and the meaning of its symbols to a model folder."""

from pathlib import Path

import numpy as np

from longplay._base.require import show
from longplay._core import ModelError
from longplay.importing.graph import step_graph, window_states
from longplay.importing.keras import read_keras
from longplay.importing.network import Both, Dense, Embedding, Layer, Network, Reads, Recurrent, Scale
from longplay.importing.symbols import read_symbols, vocabulary_of
from longplay.importing.writing import largest_difference, require_close, require_new, write_model

LARGEST_DIFFERENCE = 1e-5
"""Largest expected difference of the log-probability of a token, as drawn, from the count in float64."""

_CHECKED_WINDOWS = 20


def import_keras(
    model: Path, vocabulary: Path, out: Path, *, window: int | None = None, pad: str | None = None
) -> Network:
    """Write the model folder of a windowed network that Keras saved, and check what it computes.

    Parameters
    ----------
    model : Path
        The ``.h5`` or ``.keras`` file of a whole model: LSTM, GRU, Bidirectional, Embedding, Dense,
        BatchNormalization and Dropout layers.
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
    require_new(out)
    symbols = read_symbols(vocabulary)
    meaning = vocabulary_of(symbols)
    layers, steps = read_keras(model)
    if window is not None and steps not in (None, window):
        raise ModelError(f"window must be {steps}, as in {model}, not {window}")
    network = _network(model, vocabulary, layers, len(symbols), steps if window is None else window)
    if pad is not None and pad not in symbols:
        raise ModelError(f"pad must be a symbol of {vocabulary}, not {show(pad)}")
    first = None if pad is None else symbols.index(pad)
    states = window_states(network, first)
    start = network.tokens if first is None else first
    write_model(out, network.tokens, start, states, meaning, step_graph(network, first))
    require_close(out, difference_of_windows(out, network), LARGEST_DIFFERENCE)
    return network


def difference_of_windows(folder: Path, network: Network, windows: int = _CHECKED_WINDOWS) -> float:
    """Return how far log-probabilities of a model folder are from those of its network, over full windows."""
    window = network.window
    return largest_difference(
        folder, lambda drawn: network.log_probabilities(np.array(drawn[-window:])), window, window + windows
    )


def _network(model: Path, vocabulary: Path, layers: tuple[Layer, ...], tokens: int, window: int | None) -> Network:
    """Check that sizes belong together, and return the network."""
    if window is None:
        raise ModelError(f"window must be given, because {model} does not say how many symbols its network reads")
    if not any(isinstance(layer, Recurrent) and not layer.returns_all for layer in layers):
        raise ModelError(f"{model} must have an LSTM or GRU layer that returns its last output")
    inputs, width = _width_in(layers[0]), 0
    for number, layer in enumerate(layers):
        if number > 0 and _width_in(layer) not in (width, 1):
            raise ModelError(f"{model}: a layer must have {width} inputs, as the layer before it has outputs")
        width = _width_out(layer, width)
    is_embedded = isinstance(layers[0], Embedding)
    if inputs not in (tokens, tokens if is_embedded else 1) or width != tokens:
        belongs = f"{inputs} inputs and {width} outputs" if inputs not in (1, width) else f"{width} outputs"
        raise ModelError(
            f"{vocabulary} has {tokens} symbols but {model} has {belongs}: the vocabulary must be the one that the "
            "model was trained with"
        )
    reads: Reads = "ids" if is_embedded else "one-hot" if inputs == tokens else "ids divided by their number"
    return Network(layers, tokens, window, reads)


def _width_in(layer: Layer) -> int:
    if isinstance(layer, Scale):
        return layer.factor.size
    if isinstance(layer, Embedding):
        return len(layer.table)
    return len(layer.forward.kernel if isinstance(layer, Both) else layer.kernel)


def _width_out(layer: Layer, width: int) -> int:
    if isinstance(layer, Scale):
        return width
    if isinstance(layer, Both):
        return _width_out(layer.forward, width) + _width_out(layer.backward, width)
    if isinstance(layer, Embedding):
        return int(layer.table.shape[1])
    return int(layer.kernel.shape[1]) if isinstance(layer, Dense) else len(layer.recurrent_kernel)
