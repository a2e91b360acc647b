"""Small networks as Keras saves them in HDF5."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def write(path: Path, layers: list[tuple[str, dict[str, Any], dict[str, Any]]], steps: int | None, inputs: int) -> Path:
    """Write layers, each a class, a config and weights by name, and return the path."""
    declared = [{"class_name": "InputLayer", "config": {"name": "input", "batch_shape": [None, steps, inputs]}}]
    with h5py.File(path, "w") as file:
        weights = file.create_group("model_weights")
        for number, (kind, config, arrays) in enumerate(layers):
            name = f"layer_{number}"
            declared.append({"class_name": kind, "config": {"name": name, **config}})
            group = weights.create_group(name).create_group("sequential").create_group(name)
            for key, array in arrays.items():
                group[f"{key}:0"] = np.asarray(array, np.float32)
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": declared}})
    return path


def lstm(random: np.random.Generator, inputs: int, units: int, returns_all: bool) -> tuple[str, Any, Any]:
    """Return a layer with random weights."""
    weights = {
        "kernel": random.normal(0, 0.5, (inputs, 4 * units)),
        "recurrent_kernel": random.normal(0, 0.5, (units, 4 * units)),
        "bias": random.normal(0, 0.5, 4 * units),
    }
    return "LSTM", {"return_sequences": returns_all, "activation": "tanh"}, weights


def dense(random: np.random.Generator, inputs: int, outputs: int, activation: str) -> tuple[str, Any, Any]:
    """Return a layer with random weights."""
    weights = {"kernel": random.normal(0, 0.5, (inputs, outputs)), "bias": random.normal(0, 0.5, outputs)}
    return "Dense", {"activation": activation}, weights


def normalization(random: np.random.Generator, width: int) -> tuple[str, Any, Any]:
    """Return a layer with random weights."""
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    return "BatchNormalization", {"epsilon": 0.001}, {name: random.uniform(0.5, 1.5, width) for name in names}
