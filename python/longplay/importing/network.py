"""A windowed network, as numbers: what an imported model must compute."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
"""Activations of a `Dense` layer; the softmax of the last layer is left out, so that it gives logits."""


@dataclass(frozen=True)
class Lstm:
    """An LSTM layer; the gates are input, forget, cell, output.

    Attributes
    ----------
    kernel : array, shape (inputs, 4 * units)
    recurrent_kernel : array, shape (units, 4 * units)
    bias : array, shape (4 * units,)
    returns_all : bool
        Whether the layer returns its output of every step, or the last one.
    """

    kernel: Floats
    recurrent_kernel: Floats
    bias: Floats
    returns_all: bool

    def apply(self, given: Floats) -> Floats:
        """Return the outputs for inputs of shape (steps, inputs)."""
        sigmoid = ACTIVATIONS["sigmoid"]
        hidden = cell = np.zeros(len(self.recurrent_kernel))
        outputs = []
        for one in given:
            i, f, c, o = np.split(one @ self.kernel + hidden @ self.recurrent_kernel + self.bias, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
            hidden = sigmoid(o) * np.tanh(cell)
            outputs.append(hidden)
        return np.array(outputs) if self.returns_all else hidden


@dataclass(frozen=True)
class Dense:
    """A dense layer: ``activation(x @ kernel + bias)``."""

    kernel: Floats
    bias: Floats
    activation: str

    def apply(self, given: Floats) -> Floats:
        """Return the outputs for inputs of shape (..., inputs)."""
        return ACTIVATIONS[self.activation](given @ self.kernel + self.bias)


@dataclass(frozen=True)
class Scale:
    """A batch normalisation after training: ``x * factor + shift``."""

    factor: Floats
    shift: Floats

    def apply(self, given: Floats) -> Floats:
        """Return the outputs for inputs of shape (..., inputs)."""
        return given * self.factor + self.shift


Layer: TypeAlias = Lstm | Dense | Scale


@dataclass(frozen=True)
class Network:
    """A network that reads the last tokens and gives the logits of the next one.

    Attributes
    ----------
    layers : tuple of Layer
    tokens : int
        Number of tokens.
    window : int
        Number of tokens that it reads.
    one_hot : bool
        Whether a token is given as a vector with a single 1, or as its id divided by `tokens`.
    """

    layers: tuple[Layer, ...]
    tokens: int
    window: int
    one_hot: bool

    def log_probabilities(self, window: NDArray[np.int64]) -> Floats:
        """Return the log-probability of each next token after a window of tokens, counted in float64."""
        values: Floats = np.eye(self.tokens)[window] if self.one_hot else window[:, None] / self.tokens
        for layer in self.layers:
            values = layer.apply(values)
        shifted: Floats = values - values.max()
        scaled: Floats = shifted - np.log(np.exp(shifted).sum())
        return scaled
