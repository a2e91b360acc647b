"""A windowed network, as numbers: what an imported model must compute."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

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
class Gru:
    """A GRU layer; the gates are update, reset, candidate.

    Attributes
    ----------
    kernel : array, shape (inputs, 3 * units)
    recurrent_kernel : array, shape (units, 3 * units)
    bias, recurrent_bias : array, shape (3 * units,)
    resets_after : bool
        Whether the reset gate applies after the multiplication by the recurrent kernel, or before it.
    returns_all : bool
        Whether the layer returns its output of every step, or the last one.
    """

    kernel: Floats
    recurrent_kernel: Floats
    bias: Floats
    recurrent_bias: Floats
    resets_after: bool
    returns_all: bool

    def apply(self, given: Floats) -> Floats:
        """Return the outputs for inputs of shape (steps, inputs)."""
        sigmoid = ACTIVATIONS["sigmoid"]
        units = len(self.recurrent_kernel)
        hidden = np.zeros(units)
        outputs = []
        for one in given:
            z, r, c = np.split(one @ self.kernel + self.bias, 3)
            uz, ur, uc = np.split(hidden @ self.recurrent_kernel + self.recurrent_bias, 3)
            z, r = sigmoid(z + uz), sigmoid(r + ur)
            if self.resets_after:
                candidate = np.tanh(c + r * uc)
            else:
                last = slice(2 * units, None)
                candidate = np.tanh(c + (r * hidden) @ self.recurrent_kernel[:, last] + self.recurrent_bias[last])
            hidden = z * hidden + (1 - z) * candidate
            outputs.append(hidden)
        return np.array(outputs) if self.returns_all else hidden


@dataclass(frozen=True)
class Both:
    """A bidirectional layer: the outputs of one that reads forwards, then those of one that reads backwards."""

    forward: Lstm | Gru
    backward: Lstm | Gru

    @property
    def returns_all(self) -> bool:
        """Whether the layer returns its output of every step."""
        return self.forward.returns_all

    def apply(self, given: Floats) -> Floats:
        """Return the outputs for inputs of shape (steps, inputs)."""
        backward = self.backward.apply(given[::-1])
        return np.concatenate([self.forward.apply(given), backward[::-1] if self.returns_all else backward], axis=-1)


@dataclass(frozen=True)
class Embedding:
    """A row of a table for each id."""

    table: Floats

    def apply(self, given: NDArray[np.int64]) -> Floats:
        """Return the rows of ids of shape (steps,)."""
        return self.table[given]


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


Recurrent: TypeAlias = Lstm | Gru | Both
Layer: TypeAlias = Recurrent | Embedding | Dense | Scale
Reads: TypeAlias = Literal["ids", "ids divided by their number", "one-hot"]
"""How a network reads a token: as its id, for an embedding; divided by the number of tokens; as a vector with a 1."""


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
    reads : Reads
    """

    layers: tuple[Layer, ...]
    tokens: int
    window: int
    reads: Reads

    def log_probabilities(self, window: NDArray[np.int64]) -> Floats:
        """Return the log-probability of each next token after a window of tokens, counted in float64."""
        values: Any = window
        if self.reads == "one-hot":
            values = np.eye(self.tokens)[window]
        elif self.reads != "ids":
            values = window[:, None] / self.tokens
        for layer in self.layers:
            values = layer.apply(values)
        shifted: Floats = values - values.max()
        scaled: Floats = shifted - np.log(np.exp(shifted).sum())
        return scaled
