"""Report of what works on this machine."""

import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from longplay import _core
from longplay._model.runtime import chosen_kernels, gpu_count, library_path, open_library
from longplay.engine import DeviceName, Engine


def examine(model: str | Path | None = None) -> dict[str, Any]:
    """Try all parts that `Engine` needs, and report the results.

    Returns
    -------
    dict
        Versions; the instruction set of the kernels on the CPU; for each device "works" or the reason why it does not;
        the model's name, hash and styles, and whether it has a critic.
    """
    report: dict[str, Any] = {
        "longplay": version("longplay"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{sys.platform} {platform.machine()}",
    }
    report["kernels"] = _found(chosen_kernels)
    report["onnxruntime"] = _found(lambda: f"{open_library().version} ({library_path()})")
    report["cpu"] = _try(model, "cpu", report)
    report["cuda"] = _try(model, "cuda", report) if gpu_count() else "no NVIDIA GPU here"
    return report


def _found(find: Callable[[], str]) -> str:
    """Return what is found, or the reason why it is not."""
    try:
        return find()
    except _core.Error as error:
        return str(error)


def _try(model: str | Path | None, device: DeviceName, report: dict[str, Any]) -> str:
    try:
        engine = Engine(model, device, num_threads=1)
        engine.generate(seconds=1)
    except (_core.Error, OSError) as error:
        return str(error)
    report |= {"model": engine.model_name, "model_hash": engine.model_hash, "styles": list(engine.styles)}
    report["critic"] = engine.has_critic
    return "works"
