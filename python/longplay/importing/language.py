"""Language models of PyTorch, as numbers: LSTM layers, and GPT-2."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay._core import ModelError
from longplay.importing.network import Floats, Lstm
from longplay.importing.state_dict import StateDict

_LAYER_NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class LstmModel:
    """An embedding, LSTM layers and a linear layer.

    Attributes
    ----------
    embedding : array, shape (tokens, width)
    layers : tuple of Lstm
    kernel : array, shape (units, tokens)
    bias : array, shape (tokens,)
    """

    embedding: Floats
    layers: tuple[Lstm, ...]
    kernel: Floats
    bias: Floats

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return len(self.embedding)

    def log_probabilities(self, tokens: Sequence[int]) -> Floats:
        """Return the log-probability of each token after some tokens, counted in float64."""
        values = self.embedding[list(tokens)]
        for layer in self.layers:
            values = layer.apply(values)
        return log_softmax(values[-1] @ self.kernel + self.bias)


@dataclass(frozen=True)
class Block:
    """A block of GPT-2: the weights and biases of its norms and linear layers, by name."""

    weights: dict[str, Floats]

    def linear(self, values: Floats, name: str) -> Floats:
        """Apply a linear layer."""
        return values @ self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def norm(self, values: Floats, name: str) -> Floats:
        """Apply a layer normalisation."""
        return normalized(values, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])


@dataclass(frozen=True)
class Gpt2:
    """GPT-2 [1]_.

    Attributes
    ----------
    embedding : array, shape (tokens, width)
    positions : array, shape (context, width)
    blocks : tuple of Block
    norm : tuple of two arrays, shape (width,)
        Weight and bias of the last layer normalisation.
    head : array, shape (width, tokens)
    heads : int
        Number of attention heads.

    References
    ----------
    .. [1] Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
    """

    embedding: Floats
    positions: Floats
    blocks: tuple[Block, ...]
    norm: tuple[Floats, Floats]
    head: Floats
    heads: int

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return len(self.embedding)

    def log_probabilities(self, tokens: Sequence[int]) -> Floats:
        """Return the log-probability of each token after at most `context` tokens, counted in float64."""
        values = self.embedding[list(tokens)] + self.positions[: len(tokens)]
        for block in self.blocks:
            values = values + block.linear(self._attend(block, block.norm(values, "ln_1")), "attn.c_proj")
            inner = gelu(block.linear(block.norm(values, "ln_2"), "mlp.c_fc"))
            values = values + block.linear(inner, "mlp.c_proj")
        return log_softmax(normalized(values[-1], *self.norm) @ self.head)

    def _attend(self, block: Block, values: Floats) -> Floats:
        steps, width = values.shape
        parts = np.split(block.linear(values, "attn.c_attn"), 3, axis=-1)
        query, key, value = (part.reshape(steps, self.heads, -1).swapaxes(0, 1) for part in parts)
        scores = query @ key.swapaxes(1, 2) / np.sqrt(width // self.heads)
        scores = np.where(np.tri(steps, dtype=bool), scores, -np.inf)
        return (np.exp(log_softmax(scores)) @ value).swapaxes(0, 1).reshape(steps, width)


LanguageModel: TypeAlias = LstmModel | Gpt2


def log_softmax(logits: Floats) -> Floats:
    """Return log-probabilities along the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    scaled: Floats = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return scaled


def normalized(values: Floats, weight: Floats, bias: Floats) -> Floats:
    """Return a layer normalisation."""
    centred = values - values.mean(-1, keepdims=True)
    scaled: Floats = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + _LAYER_NORM_EPSILON) * weight + bias
    return scaled


def gelu(x: Floats) -> Floats:
    """Return GPT-2's approximation of the Gaussian error linear unit."""
    inner: Floats = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + inner)


def language_model(name: str, arrays: StateDict, heads: int | None) -> LanguageModel:
    """Return the language model that arrays belong to.

    Parameters
    ----------
    name : str
        The file, for refusals.
    arrays : StateDict
        Of an LSTM model: weights of `torch.nn.LSTM`, an embedding and a linear layer. Of GPT-2: as Hugging Face names
        them.
    heads : int, optional
        The number of attention heads of GPT-2.

    Raises
    ------
    ModelError
        The arrays belong to neither, or do not fit together; the message says why.
    """
    try:
        if any(key.endswith("wte.weight") for key in arrays):
            return _gpt2(name, arrays, heads)
        return _lstm_model(name, arrays)
    except KeyError as missing:
        raise ModelError(f"{name} has no array {missing.args[0]}") from missing


def _lstm_model(name: str, arrays: StateDict) -> LstmModel:
    prefixes = {key.removesuffix("weight_ih_l0") for key in arrays if key.endswith("weight_ih_l0")}
    if len(prefixes) != 1 or any(key.endswith("_reverse") for key in arrays):
        raise ModelError(f"{name} must be a GPT-2, or have one stack of LSTM layers that read forwards")
    (prefix,) = prefixes
    count = sum(key.startswith(f"{prefix}weight_ih_l") for key in arrays)
    layers = tuple(_lstm(arrays, prefix, number) for number in range(count))
    of_layers = re.compile(rf"{re.escape(prefix)}(weight|bias)_(ih|hh)_l\d+")
    rest = {key: array for key, array in arrays.items() if not of_layers.fullmatch(key)}
    names = sorted(
        (key for key in rest if rest[key].ndim == 2), key=lambda key: "emb" not in key
    )  # the embedding first
    tables = [rest[key] for key in names]
    biases = [array for array in rest.values() if array.ndim == 1]
    if not 1 <= len(tables) <= 2 or len(biases) > 1 or len(rest) > len(tables) + len(biases):
        raise ModelError(f"{name} must have an embedding and a linear layer beside its LSTM, not {', '.join(rest)}")
    embedding, linear = tables[0], tables[-1]
    _require_fit(name, "embedding", embedding, "the first LSTM layer", len(layers[0].kernel))
    _require_fit(name, "linear layer", linear, "the last LSTM layer", len(layers[-1].recurrent_kernel))
    if len(embedding) != len(linear):
        raise ModelError(f"{name}: the embedding has {len(embedding)} tokens but the linear layer {len(linear)}")
    return LstmModel(embedding, layers, linear.T, biases[0] if biases else np.zeros(len(linear)))


def _lstm(arrays: StateDict, prefix: str, number: int) -> Lstm:
    """Return a layer; its gates have the same order in PyTorch as in Keras."""
    kernel, recurrent = arrays[f"{prefix}weight_ih_l{number}"], arrays[f"{prefix}weight_hh_l{number}"]
    biases = [arrays.get(f"{prefix}bias_{part}_l{number}", np.zeros(len(kernel))) for part in ("ih", "hh")]
    return Lstm(kernel.T, recurrent.T, biases[0] + biases[1], returns_all=True)


def _require_fit(name: str, what: str, array: NDArray[np.float64], whom: str, width: int) -> None:
    if array.shape[1] != width:
        raise ModelError(f"{name}: the {what} has a width of {array.shape[1]} but {whom} one of {width}")


def _gpt2(name: str, arrays: StateDict, heads: int | None) -> Gpt2:
    prefix = next(key for key in arrays if key.endswith("wte.weight")).removesuffix("wte.weight")
    embedding, positions = arrays[f"{prefix}wte.weight"], arrays[f"{prefix}wpe.weight"]
    if heads is None:
        raise ModelError(f"heads must be given, because {name} does not say how many attention heads its network has")
    width = embedding.shape[1]
    if heads < 1 or width % heads != 0:
        raise ModelError(f"heads must divide the width of {name}, {width}, not {heads}")
    numbers = sorted({int(found[1]) for key in arrays if (found := re.match(rf"{re.escape(prefix)}h\.(\d+)\.", key))})
    if numbers != list(range(len(numbers))) or not numbers:
        raise ModelError(f"{name} must have blocks h.0, h.1 and so on")
    blocks = tuple(_block(name, arrays, f"{prefix}h.{number}.", width) for number in numbers)
    norm = arrays[f"{prefix}ln_f.weight"], arrays[f"{prefix}ln_f.bias"]
    head = arrays.get("lm_head.weight", embedding)
    if head.shape != embedding.shape or positions.shape[1] != width:
        raise ModelError(f"{name}: lm_head.weight, wte.weight and wpe.weight must belong to one model")
    return Gpt2(embedding, positions, blocks, norm, head.T, heads)


def _block(name: str, arrays: StateDict, prefix: str, width: int) -> Block:
    inner = arrays[f"{prefix}mlp.c_fc.weight"].shape[-1]
    shapes = {
        **{f"ln_{number}.weight": (width,) for number in (1, 2)},
        "attn.c_attn.weight": (width, 3 * width),
        "attn.c_proj.weight": (width, width),
        "mlp.c_fc.weight": (width, inner),
        "mlp.c_proj.weight": (inner, width),
    }
    weights = {}
    for key, shape in shapes.items():
        for one, wanted in ((key, shape), (key.replace("weight", "bias"), shape[-1:])):
            array = weights[one] = arrays[prefix + one]
            if array.shape != wanted:
                raise ModelError(f"{name}: {prefix}{one} must have shape {wanted}, not {array.shape}")
    return Block(weights)
