"""What the figures were measured on."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from longplay._core import Runtime

PACKAGES = (
    *("longplay", "numpy", "onnxruntime", "onnxruntime-gpu"),
    *("torch", "transformers", "onnxruntime-genai", "mido", "pretty_midi", "symusic", "miditok"),
)


def describe() -> dict[str, str | int]:
    """Processor, its cores that this process may use, kernels, system, and the versions of what is measured."""
    found: dict[str, str | int] = {
        "processor": _processor(),
        "cores": cores(),
        "kernels": Runtime.kernels() or "ONNX Runtime's alone",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def doublings() -> list[int]:
    """1, 2, 4, ... threads, and as many as there are cores."""
    return sorted({*(1 << power for power in range(cores().bit_length())), cores()})


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    features = [
        name for name in ("avx2", "avx512f", "avx512_vnni", "avx_vnni") if name in told.get("flags", "").split()
    ]
    family = f"family {told['cpu family']}, model {told['model']}" if "cpu family" in told else platform.machine()
    return f"{told.get('model name', 'unknown')} ({', '.join([family, *features])})"
