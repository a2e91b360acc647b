"""Paths of the ONNX Runtime that pip installed. The core opens the library; Python does not import it."""

import ctypes
import importlib.util
import os
import platform
import re
import sys
from pathlib import Path

from longplay._core import DeviceError, Runtime

LIBRARY_VARIABLE = "LONGPLAY_ORT_LIBRARY"
"""Environment variable with the path of another library to open."""

KERNELS_VARIABLE = "LONGPLAY_KERNELS"
"""Environment variable with the name of the kernels to use; without it, the fastest ones are used."""


def open_library() -> Runtime:
    """Open the ONNX Runtime library, for sessions with the chosen kernels.

    Raises
    ------
    DeviceError
        The library cannot be opened, or `LONGPLAY_KERNELS` names kernels that cannot be used.
    """
    return Runtime(str(library_path()), chosen_kernels())


def chosen_kernels() -> str:
    """Return the name of the kernels that sessions on the CPU use.

    Raises
    ------
    DeviceError
        `LONGPLAY_KERNELS` names kernels that this processor or this build does not have.
    """
    usable = Runtime.usable_kernels()
    chosen = os.environ.get(KERNELS_VARIABLE) or usable[-1]
    if chosen not in usable:
        raise DeviceError(f"{KERNELS_VARIABLE} must be one of {', '.join(usable)} on this processor, not {chosen!r}")
    return chosen


def gpu_count() -> int:
    """Return how many NVIDIA GPUs the driver of this machine reports; 0 without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int()
    return count.value if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0


def library_path() -> Path:
    """Return the path of the ONNX Runtime library.

    Raises
    ------
    DeviceError
        ONNX Runtime is not installed, or its files do not fit together; the message says how to fix it.
    """
    if chosen := os.environ.get(LIBRARY_VARIABLE):
        if not Path(chosen).is_file():
            raise DeviceError(f"{LIBRARY_VARIABLE} must name a file, not {chosen!r}")
        return Path(chosen)
    folder = _package_folder() / "capi"
    # Two packages, perhaps of two versions, install into this folder. The last one wrote the version.
    version = _build_info(folder, "__version__")
    path = folder / _library_name(version)
    if not path.is_file():
        raise DeviceError(
            f"ONNX Runtime has version {version}, but {path} does not exist: two packages of it overwrote each other. "
            f"To fix this, run: pip uninstall -y onnxruntime onnxruntime-gpu && pip install {_package()}"
        )
    return path


def preload_cuda() -> None:
    """Load NVIDIA's libraries from their Python packages, so that the CUDA provider finds them.

    If no package holds a library, the system searches for it.

    Raises
    ------
    DeviceError
        The installed ONNX Runtime is not built for CUDA, or a library cannot be loaded.
    """
    fix = "To fix this, run: pip install 'longplay[cuda]'"
    cuda = _build_info(_package_folder() / "capi", "cuda_version")
    if not re.match(r"\d+\.", cuda):
        raise DeviceError(f"device 'cuda' cannot be used: this ONNX Runtime is not built for CUDA. {fix}")
    major = int(cuda.split(".")[0])
    spec = importlib.util.find_spec("nvidia")
    folders = list(spec.submodule_search_locations or []) if spec else []
    # Each library comes before those that need it. The version of cuFFT is one less than CUDA's.
    versions = {"cudart": major, "cublasLt": major, "cublas": major, "nvrtc": major, "curand": 10}
    for name, number in {**versions, "cufft": major - 1, "cudnn": 9}.items():
        file = f"{name}64_{number}.dll" if sys.platform == "win32" else f"lib{name}.so.{number}"
        for path in [path for folder in folders for path in sorted(Path(folder).rglob(file))][:1]:
            try:
                ctypes.CDLL(str(path))
            except OSError as error:
                raise DeviceError(f"device 'cuda' cannot be used: {error}. {fix}") from error


def _package() -> str:
    """Return the name of the package to install on this machine."""
    built_for_gpu = (sys.platform, platform.machine()) in (("linux", "x86_64"), ("win32", "AMD64"))
    return "onnxruntime-gpu" if built_for_gpu else "onnxruntime"


def _package_folder() -> Path:
    spec = importlib.util.find_spec("onnxruntime")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise DeviceError(f"ONNX Runtime is not installed. To fix this, run: pip install {_package()}")
    return Path(next(iter(folders)))


def _build_info(folder: Path, name: str) -> str:
    """Return a string from ONNX Runtime's build information; empty if it has none of this name."""
    path = folder / "build_and_package_info.py"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DeviceError(
            f"ONNX Runtime is incomplete: {path} cannot be read ({error.strerror}). "
            f"To fix this, run: pip install --force-reinstall {_package()}"
        ) from error
    found = re.search(rf"^{name} = ['\"]([^'\"]*)['\"]", text, re.MULTILINE)
    return found[1] if found else ""


def _library_name(version: str) -> str:
    release = re.match(r"\d+(\.\d+)*", version)  # the version of a nightly build is longer
    number = release[0] if release else version
    if sys.platform == "win32":
        return "onnxruntime.dll"
    if sys.platform == "darwin":
        return f"libonnxruntime.{number}.dylib"
    return f"libonnxruntime.so.{number}"
