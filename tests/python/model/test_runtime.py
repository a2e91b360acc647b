"""Finding and opening ONNX Runtime."""

import ctypes
import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from longplay import _core
from longplay._model import runtime as runtime_module


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make an empty installed package of ONNX Runtime, and one of NVIDIA in the same folder."""
    monkeypatch.delenv(runtime_module.LIBRARY_VARIABLE, raising=False)
    (tmp_path / "onnxruntime" / "capi").mkdir(parents=True)
    (tmp_path / "nvidia").mkdir()
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: importlib.machinery.PathFinder.find_spec(name, [str(tmp_path)])
    )
    return tmp_path / "onnxruntime"


def say_version(package: Path, version: str, cuda: str | None = None) -> None:
    lines = [f"package_name = 'onnxruntime'\n__version__ = '{version}'\n"]
    lines += [f"cuda_version = '{cuda}'\n"] if cuda else []
    (package / "capi" / "build_and_package_info.py").write_text("".join(lines))


def test_the_installed_library_is_found_without_importing_it():
    code = (
        "import sys; from longplay import _core; from longplay._model import runtime; path = runtime.library_path()\n"
        "version = _core.Runtime(str(path)).version\n"
        "assert version in path.name or sys.platform == 'win32', (version, path)\n"
        "assert 'onnxruntime' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_runtime_can_be_opened_again_and_again():
    for _ in range(5):
        assert _core.Runtime(str(runtime_module.library_path())).version.startswith("1.")


@pytest.mark.skipif(sys.platform != "linux", reason="libraries have other names elsewhere")
@pytest.mark.parametrize("version", ["1.31.1", "1.32.0.dev20260901"])
def test_of_two_libraries_that_of_the_packages_version_is_taken(package, version):
    number = version[:6]
    say_version(package, version)
    for name in ("libonnxruntime.so.1.19.2", f"libonnxruntime.so.{number}"):
        (package / "capi" / name).touch()
    assert runtime_module.library_path() == package / "capi" / f"libonnxruntime.so.{number}"


def test_a_version_without_its_library_is_refused(package):
    say_version(package, "1.31.1")
    (package / "capi" / "libonnxruntime.so.1.19.2").touch()
    with pytest.raises(_core.DeviceError, match=r"has version 1\.31\.1, but .* pip uninstall"):
        runtime_module.library_path()


def test_a_package_without_its_version_is_refused(package):
    with pytest.raises(
        _core.DeviceError, match=r"incomplete: .*info\.py cannot be read .* pip install --force-reinstall"
    ):
        runtime_module.library_path()


def test_an_absent_package_is_refused_with_the_command_that_installs_it(package, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(_core.DeviceError, match=r"not installed\. To fix this, run: pip install onnxruntime"):
        runtime_module.library_path()


def test_the_environment_chooses_another_library(package, monkeypatch, tmp_path):
    other = tmp_path / "other.so"
    monkeypatch.setenv(runtime_module.LIBRARY_VARIABLE, str(other))
    with pytest.raises(_core.DeviceError, match=r"LONGPLAY_ORT_LIBRARY must name a file, not '.*other\.so'"):
        runtime_module.library_path()
    other.touch()
    assert runtime_module.library_path() == other


def test_what_is_not_the_runtime_is_refused(tmp_path):
    with pytest.raises(_core.DeviceError, match=r"cannot open ONNX Runtime at .*absent\.so.*pip install"):
        _core.Runtime(str(tmp_path / "absent.so"))
    with pytest.raises(_core.DeviceError, match=r"is not ONNX Runtime: it has no OrtGetApiBase; .*pip install"):
        _core.Runtime(_core.__file__)


def test_cuda_is_not_looked_for_in_a_runtime_built_without_it(package):
    say_version(package, "1.31.1")
    with pytest.raises(_core.DeviceError, match=r"not built for CUDA\. .* pip install 'longplay\[cuda\]'"):
        runtime_module.preload_cuda()


def test_a_broken_library_of_nvidias_is_named(package):
    say_version(package, "1.31.1", cuda="13.0")
    runtime_module.preload_cuda()  # nothing there is nothing wrong: the system may have it
    folder = package.parent / "nvidia" / "cu13" / "lib"
    folder.mkdir(parents=True)
    (folder / ("cufft64_12.dll" if sys.platform == "win32" else "libcufft.so.12")).write_text("broken")
    with pytest.raises(_core.DeviceError, match=r"cufft.*pip install 'longplay\[cuda\]'"):
        runtime_module.preload_cuda()


@pytest.mark.parametrize(("status", "expected"), [(0, 2), (100, 0)])
def test_the_driver_counts_the_gpus(monkeypatch, status, expected):
    """Status 100 means that there is no device."""

    def count_devices(count):
        count._obj.value = 2
        return 0

    driver = SimpleNamespace(cuInit=lambda flags: status, cuDeviceGetCount=count_devices)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
    assert runtime_module.gpu_count() == expected


def test_there_are_no_gpus_without_a_driver(monkeypatch):
    def refuse(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    assert runtime_module.gpu_count() == 0
