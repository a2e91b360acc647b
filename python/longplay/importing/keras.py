"""Reader of networks that Keras saved as HDF5, without Keras."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from longplay._base.extras import missing_extra
from longplay._core import ModelError
from longplay.importing.network import ACTIVATIONS, Dense, Floats, Layer, Lstm, Scale

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
        with h5py.File(path, "r") as file:
            if "model_config" not in file.attrs or "model_weights" not in file:
                raise ModelError(f"{path} must hold a whole model: save it by model.save, not by save_weights")
            declared = json.loads(file.attrs["model_config"])["config"]["layers"]
            weights = {
                one["config"]["name"]: _weights(file["model_weights"], one["config"]["name"]) for one in declared
            }
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise ModelError(f"{path} is not a model of Keras in HDF5: {problem}") from problem
    layers: list[Layer] = []
    for one in declared:
        layers += _read_layer(path, one["class_name"], one["config"], weights[one["config"]["name"]])
    return tuple(layers), _steps(declared)


def _weights(group: Any, name: str) -> dict[str, Floats]:
    """Return the arrays of a layer by their last name: kernel, recurrent_kernel, bias."""
    found: dict[str, Floats] = {}

    def take(place: str, item: Any) -> None:
        if hasattr(item, "shape"):
            found[place.rsplit("/")[-1].partition(":")[0]] = np.asarray(item, np.float64)

    if name in group:
        group[name].visititems(take)
    return found


def _read_layer(path: Path, kind: str, config: Mapping[str, Any], weights: Mapping[str, Floats]) -> list[Layer]:
    """Return the layers that a layer of Keras amounts to: one, or none."""
    if kind in _NO_EFFECT:
        return []
    readers: dict[str, Callable[[Mapping[str, Any], Mapping[str, Floats]], Layer]] = {
        "LSTM": _lstm,
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


def _lstm(config: Mapping[str, Any], weights: Mapping[str, Floats]) -> Lstm:
    wanted = {"activation": "tanh", "recurrent_activation": "sigmoid", "go_backwards": False, "use_bias": True}
    for key, value in wanted.items():
        if config.get(key, value) != value:
            raise ValueError(f"{key} must be {value}, not {config[key]}")
    kernel, recurrent, bias = (weights[name] for name in ("kernel", "recurrent_kernel", "bias"))
    return Lstm(kernel, recurrent, bias, bool(config["return_sequences"]))


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
