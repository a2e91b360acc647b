"""ONNX Runtime's CUDA provider on a machine without a GPU: its libraries, built to do nothing but copy memory."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from longplay._model.runtime import library_path

HERE = Path(__file__).parent


class CudaDouble:
    """A folder of libraries, with which a process finds two GPUs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, script: Path, *arguments: object) -> Any:
        """Run a Python script on it, and return the JSON that it prints."""
        environment = os.environ | {
            "LD_LIBRARY_PATH": str(self.folder),
            "LONGPLAY_CUDA_DOUBLE": str(next(self.folder.glob("libcudart.so.*"))),
        }
        command = [sys.executable, script, *map(str, arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def build(folder: Path) -> CudaDouble:
    """Build the libraries that the installed provider asks for, or skip the test that needs them."""
    provider = library_path().with_name("libonnxruntime_providers_cuda.so")
    if sys.platform != "linux" or not provider.is_file():
        pytest.skip("this ONNX Runtime has no CUDA provider, or not as on Linux")
    if any(shutil.which(tool) is None for tool in ("c++", "nm", "readelf")):
        pytest.skip("there is no C++ compiler")
    asked = subprocess.run(["nm", "-D", "--undefined-only", provider], check=True, capture_output=True, text=True)
    symbols = defaultdict(list)
    for name, library in re.findall(r" U (\w+)(?:@(libcu\S+))?$", asked.stdout, re.MULTILINE):
        if library or re.match(r"cu[A-Z]", name):
            symbols[library or "libcuda.so.1"].append(name)
    needed = subprocess.run(["readelf", "-d", provider], check=True, capture_output=True, text=True)
    for library in re.findall(r"NEEDED.*\[(libcu\w+\.so\.\d+)\]", needed.stdout):
        _build_library(folder, library, symbols[library])
    return CudaDouble(folder)


def _build_library(folder: Path, name: str, symbols: list[str]) -> None:
    source = HERE / "cudart.cpp" if name.startswith("libcudart") else None
    written = source.read_text() if source else ""
    missing = [symbol for symbol in symbols if not re.search(rf"\b{symbol}\(", written)]
    rest = folder / f"{name}.cpp"
    rest.write_text("".join(f'extern "C" int {symbol}() {{ return 0; }}\n' for symbol in missing))
    versions = folder / f"{name}.map"
    versions.write_text(f"{name} {{ global: *; }};\n")
    command = [
        "c++",
        "-std=c++20",
        "-O1",
        "-shared",
        "-fPIC",
        f"-Wl,-soname,{name}",
        f"-Wl,--version-script={versions}",
    ]
    sources = [source, rest] if source else [rest]
    subprocess.run([*command, *sources, "-o", folder / name], check=True)
