"""Description of the machine."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from longplay._model.runtime import chosen_kernels

PACKAGES = (
    *("longplay", "numpy", "onnxruntime", "onnxruntime-gpu"),
    *("torch", "transformers", "onnxruntime-genai", "mido", "pretty_midi", "symusic", "miditok"),
)


def describe() -> dict[str, str | int]:
    """Return the processor, its usable cores, the kernels, the system and the versions of all measured packages."""
    found: dict[str, str | int] = {
        "processor": _processor(),
        "cores": cores(),
        "kernels": chosen_kernels(),
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
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def doublings() -> list[int]:
    """Return 1, 2, 4, ... up to the number of cores, and that number."""
    return sorted({*(1 << power for power in range(cores().bit_length())), cores()})


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    entries = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    features = [
        name for name in ("avx2", "avx512f", "avx512_vnni", "avx_vnni") if name in entries.get("flags", "").split()
    ]
    family = (
        f"family {entries['cpu family']}, model {entries['model']}" if "cpu family" in entries else platform.machine()
    )
    return f"{entries.get('model name', 'unknown')} ({', '.join([family, *features])})"
