"""Small networks as Keras saves them in HDF5 and in .keras."""

import io
import json
import re
import zipfile
from collections import Counter
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
                side, _, rest = key.partition("_")
                place = f"{side}_layer/cell/{rest}" if side in ("forward", "backward") else key
                group[f"{place}:0"] = np.asarray(array, np.float32)
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": declared}})
    return path


def write_archive(path: Path, layers: list[tuple[str, dict[str, Any], dict[str, Any]]], steps: int) -> Path:
    """Write layers over ids as a .keras file, where arrays have numbers, and return the path."""
    declared = [{"class_name": "InputLayer", "config": {"name": "input", "batch_shape": [None, steps]}}]
    memory, seen = io.BytesIO(), Counter[str]()
    with h5py.File(memory, "w") as file:
        for kind, config, arrays in layers:
            declared.append({"class_name": kind, "config": {"name": kind, **config}})
            name = re.sub("(?<=[a-z])([A-Z])", r"_\1", kind).lower()
            group = file.create_group(f"layers/{name}_{seen[name]}" if seen[name] else f"layers/{name}")
            seen[name] += 1
            for number, (key, array) in enumerate(arrays.items()):
                side = re.match("(forward|backward)_", key)
                place = f"{side[0]}layer/cell/vars/{number % 3}" if side else f"vars/{number}"
                group[place] = np.asarray(array, np.float32)
                if side and number % 3 == 0:
                    group[f"{side[0]}layer/seed_generator/vars/0"] = np.zeros(2, np.uint32)  # of dropout
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": declared}}))
        archive.writestr("model.weights.h5", memory.getvalue())
    return path


def gru(random: np.random.Generator, inputs: int, units: int, returns_all: bool, after: bool) -> tuple[str, Any, Any]:
    """Return a layer with random weights, whose reset gate applies before or after the multiplication."""
    weights = {
        "kernel": random.normal(0, 0.5, (inputs, 3 * units)),
        "recurrent_kernel": random.normal(0, 0.5, (units, 3 * units)),
        "bias": random.normal(0, 0.5, (2, 3 * units) if after else 3 * units),
    }
    return "GRU", {"return_sequences": returns_all, "reset_after": after}, weights


def both(forward: tuple[str, Any, Any], backward: tuple[str, Any, Any]) -> tuple[str, Any, Any]:
    """Return a bidirectional layer of two layers."""
    weights = {
        f"{side}_{key}": array
        for side, one in (("forward", forward), ("backward", backward))
        for key, array in one[2].items()
    }
    inner = {"class_name": forward[0], "config": forward[1]}
    return "Bidirectional", {"layer": inner, "merge_mode": "concat"}, weights


def embedding(random: np.random.Generator, tokens: int, width: int) -> tuple[str, Any, Any]:
    """Return a layer with random weights."""
    return "Embedding", {}, {"embeddings": random.normal(0, 0.5, (tokens, width))}


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
