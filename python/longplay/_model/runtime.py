"""Finds the ONNX Runtime that pip installed, without importing it: the core opens the library itself."""

import ctypes
import importlib.util
import os
import platform
import re
import sys
from pathlib import Path

from longplay._core import DeviceError

LIBRARY_VARIABLE = "LONGPLAY_ORT_LIBRARY"
"""Environment variable that names another library to open."""


def library_path() -> Path:
    """Path of the ONNX Runtime library.

    Raises
    ------
    DeviceError
        ONNX Runtime is not installed, or its files do not belong together; the message says what mends it.
    """
    if chosen := os.environ.get(LIBRARY_VARIABLE):
        if not Path(chosen).is_file():
            raise DeviceError(f"{LIBRARY_VARIABLE} must name a file, not {chosen!r}")
        return Path(chosen)
    folder = _package_folder() / "capi"
    # Two packages, of two versions perhaps, install into this folder; the last one wrote the version.
    version = _build_info(folder, "__version__")
    path = folder / _library_name(version)
    if not path.is_file():
        raise DeviceError(
            f"ONNX Runtime says it is version {version}, but {path} is not there: two packages of it lie over each "
            f"other; to mend it: pip uninstall -y onnxruntime onnxruntime-gpu && pip install {_package()}"
        )
    return path


def preload_cuda() -> None:
    """Load NVIDIA's libraries from their Python packages, so that the CUDA provider finds them.

    A library that no package holds is left to the system's own search.

    Raises
    ------
    DeviceError
        The installed ONNX Runtime is not built for CUDA, or a library is there but cannot be loaded.
    """
    mend = "to mend it: pip install 'longplay[cuda]'"
    cuda = _build_info(_package_folder() / "capi", "cuda_version")
    if not re.match(r"\d+\.", cuda):
        raise DeviceError(f"device 'cuda' cannot be used: this ONNX Runtime is not built for CUDA; {mend}")
    major = int(cuda.split(".")[0])
    spec = importlib.util.find_spec("nvidia")
    folders = list(spec.submodule_search_locations or []) if spec else []
    # Each before those that need it. cuFFT counts one behind CUDA.
    versions = {"cudart": major, "cublasLt": major, "cublas": major, "nvrtc": major, "curand": 10}
    for name, number in {**versions, "cufft": major - 1, "cudnn": 9}.items():
        file = f"{name}64_{number}.dll" if sys.platform == "win32" else f"lib{name}.so.{number}"
        for path in [path for folder in folders for path in sorted(Path(folder).rglob(file))][:1]:
            try:
                ctypes.CDLL(str(path))
            except OSError as error:
                raise DeviceError(f"device 'cuda' cannot be used: {error}; {mend}") from error


def _package() -> str:
    """Name of the package to install here."""
    built_for_gpu = (sys.platform, platform.machine()) in (("linux", "x86_64"), ("win32", "AMD64"))
    return "onnxruntime-gpu" if built_for_gpu else "onnxruntime"


def _package_folder() -> Path:
    spec = importlib.util.find_spec("onnxruntime")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise DeviceError(f"ONNX Runtime is not installed; to mend it: pip install {_package()}")
    return Path(next(iter(places)))


def _build_info(folder: Path, name: str) -> str:
    """Read a string that ONNX Runtime's build wrote down; empty if it did not."""
    path = folder / "build_and_package_info.py"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DeviceError(
            f"ONNX Runtime is not whole: {path} cannot be read ({error.strerror}); to mend it: "
            f"pip install --force-reinstall {_package()}"
        ) from error
    found = re.search(rf"^{name} = ['\"]([^'\"]*)['\"]", text, re.MULTILINE)
    return found[1] if found else ""


def _library_name(version: str) -> str:
    release = re.match(r"\d+(\.\d+)*", version)  # a nightly build has more behind it
    number = release[0] if release else version
    if sys.platform == "win32":
        return "onnxruntime.dll"
    if sys.platform == "darwin":
        return f"libonnxruntime.{number}.dylib"
    return f"libonnxruntime.so.{number}"
