"""Reader of networks that Keras saved as HDF5 or as .keras, without Keras."""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

from longplay._base.extras import missing_extra
from longplay._core import ModelError
from longplay.importing.network import ACTIVATIONS, Both, Dense, Embedding, Floats, Gru, Layer, Lstm, Scale

Weights: TypeAlias = dict[str, Floats]

_NO_EFFECT = {"InputLayer", "Dropout"}  # after training


def read_keras(path: Path) -> tuple[tuple[Layer, ...], int | None]:
    """Read the layers of a network, and the number of steps that its input has; None if it may have any.

    Raises
    ------
    ModelError
        The file is not such a network, or has a layer that cannot be imported; the message names it.
    """
    try:
        import h5py
    except ModuleNotFoundError:
        raise missing_extra("h5py", "import") from None
    try:
        declared, weights = _read_archive(path, h5py) if zipfile.is_zipfile(path) else _read_hdf5(path, h5py)
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise ModelError(f"{path} is not a model of Keras in HDF5 or .keras: {problem}") from problem
    layers: list[Layer] = []
    for one, arrays in zip(declared, weights, strict=True):
        layers += _read_layer(path, one["class_name"], one["config"], arrays)
    return tuple(layers), _steps(declared)


def _read_hdf5(path: Path, h5py: Any) -> tuple[list[Mapping[str, Any]], list[Weights]]:
    """Read a whole model in HDF5: the config is an attribute, and each layer has a group under its own name."""
    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs or "model_weights" not in file:
            raise ModelError(f"{path} must hold a whole model: save it by model.save, not by save_weights")
        declared = json.loads(file.attrs["model_config"])["config"]["layers"]
        group = file["model_weights"]
        names = [one["config"]["name"] for one in declared]
        return declared, [_weights(group[name]) if name in group else {} for name in names]


def _read_archive(path: Path, h5py: Any) -> tuple[list[Mapping[str, Any]], list[Weights]]:
    """Read a .keras file, a ZIP file. Its arrays have numbers, and groups are named after the classes of the layers."""
    with zipfile.ZipFile(path) as archive:
        declared = json.loads(archive.read("config.json"))["config"]["layers"]
        with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as file:
            group = file.get("layers", {})
            seen: Counter[str] = Counter()
            weights = []
            for one in declared:
                name = _snake_case(one["class_name"])
                key = f"{name}_{seen[name]}" if seen[name] else name
                seen[name] += 1
                weights.append(_named(one["class_name"], _weights(group[key])) if key in group else {})
    return declared, weights


def _snake_case(name: str) -> str:
    return re.sub("(?<=[a-z])([A-Z])", r"_\1", name).lower()


_NAMES = {
    "Dense": ("kernel", "bias"),
    "Embedding": ("embeddings",),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}
_RECURRENT_NAMES = ("kernel", "recurrent_kernel", "bias")


def _named(kind: str, weights: Weights) -> Weights:
    """Return the arrays of a layer by their names instead of their numbers."""
    names = _NAMES.get(kind, _RECURRENT_NAMES)

    def renamed(key: str) -> str:
        side, number = key[:-1], key[-1]
        return side + names[int(number)]

    return {renamed(key): array for key, array in weights.items() if key[-1].isdigit() and int(key[-1]) < len(names)}


def _weights(group: Any) -> Weights:
    """Return the arrays of a layer by their last name: kernel, recurrent_kernel, bias.

    The names of the two directions of a layer begin with forward_ and backward_.
    """
    found: dict[str, Floats] = {}

    def take(place: str, item: Any) -> None:
        if hasattr(item, "shape") and "seed_generator" not in place:
            side = next((f"{side}_" for side in ("forward", "backward") if f"{side}_" in place), "")
            found[side + place.rsplit("/")[-1].partition(":")[0]] = np.asarray(item, np.float64)

    group.visititems(take)
    return found


def _read_layer(path: Path, kind: str, config: Mapping[str, Any], weights: Weights) -> list[Layer]:
    """Return the layers that a layer of Keras amounts to: one, or none."""
    if kind in _NO_EFFECT:
        return []
    readers: dict[str, Callable[[Mapping[str, Any], Weights], Layer]] = {
        "LSTM": _lstm,
        "GRU": _gru,
        "Bidirectional": _both,
        "Embedding": lambda _, weights: Embedding(weights["embeddings"]),
        "Dense": _dense,
        "BatchNormalization": _scale,
    }
    name = config.get("name")
    if kind == "Activation" and config["activation"] == "softmax":
        return []
    if kind not in readers:
        known = ", ".join([*readers, "Dropout"])
        raise ModelError(f"{path}: layer {name} must be of class {known}, not {kind}")
    try:
        return [readers[kind](config, weights)]
    except KeyError as missing:
        raise ModelError(f"{path}: layer {name} has no {missing.args[0]}") from missing
    except ValueError as problem:
        raise ModelError(f"{path}: layer {name}: {problem}") from problem


_USUAL = {"activation": "tanh", "recurrent_activation": "sigmoid", "go_backwards": False, "use_bias": True}


def _require(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for key, value in wanted.items():
        if config.get(key, value) != value:
            raise ValueError(f"{key} must be {value}, not {config[key]}")


def _lstm(config: Mapping[str, Any], weights: Mapping[str, Floats]) -> Lstm:
    _require(config, _USUAL)
    kernel, recurrent, bias = (weights[name] for name in ("kernel", "recurrent_kernel", "bias"))
    return Lstm(kernel, recurrent, bias, bool(config["return_sequences"]))


def _gru(config: Mapping[str, Any], weights: Mapping[str, Floats]) -> Gru:
    _require(config, _USUAL)
    kernel, recurrent, bias = (weights[name] for name in ("kernel", "recurrent_kernel", "bias"))
    resets_after = bias.ndim == 2
    biases = bias if resets_after else [bias, np.zeros_like(bias)]
    return Gru(kernel, recurrent, biases[0], biases[1], resets_after, bool(config["return_sequences"]))


def _both(config: Mapping[str, Any], weights: Mapping[str, Floats]) -> Both:
    _require(config, {"merge_mode": "concat"})
    inner = config["layer"]
    classes = {inner["class_name"], (config.get("backward_layer") or inner)["class_name"]}
    if classes not in ({"LSTM"}, {"GRU"}):
        raise ValueError(f"its layers must be of class LSTM or GRU, not {' and '.join(sorted(classes))}")
    read = _lstm if inner["class_name"] == "LSTM" else _gru
    forward, backward = (
        {key.removeprefix(f"{side}_"): array for key, array in weights.items() if key.startswith(f"{side}_")}
        for side in ("forward", "backward")
    )
    return Both(cast(Any, read(inner["config"], forward)), cast(Any, read(inner["config"], backward)))


def _dense(config: Mapping[str, Any], weights: Mapping[str, Floats]) -> Dense:
    activation = "linear" if config["activation"] == "softmax" else config["activation"]
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be one of softmax, {', '.join(ACTIVATIONS)}, not {activation}")
    kernel = weights["kernel"]
    bias = weights["bias"] if config.get("use_bias", True) else np.zeros(kernel.shape[1])
    return Dense(kernel, bias, activation)


def _scale(config: Mapping[str, Any], weights: Mapping[str, Floats]) -> Scale:
    factor = 1 / np.sqrt(weights["moving_variance"] + config["epsilon"]) * weights.get("gamma", np.float64(1))
    return Scale(factor, weights.get("beta", np.float64(0)) - weights["moving_mean"] * factor)


def _steps(declared: list[Mapping[str, Any]]) -> int | None:
    """Return the number of steps of the input, from the first layer that declares its shape."""
    for one in declared:
        for key in ("batch_shape", "batch_input_shape"):
            if key in one["config"]:
                return cast(int | None, one["config"][key][1])
    return None
