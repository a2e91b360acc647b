"""The C++ tests, built and run as a contributor would."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from longplay._model.runtime import LIBRARY_VARIABLE, library_path

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(
    not any((Path(folder) / "gtest/gtest.h").exists() for folder in ("/usr/include", "/usr/local/include")),
    reason="GoogleTest is not installed (apt install libgtest-dev)",
)
@pytest.mark.skipif(shutil.which("c++") is None and shutil.which("g++") is None, reason="there is no C++ compiler")
def test_the_core_passes_its_own_tests(tmp_path):
    configure = ["cmake", "-S", ROOT, "-B", tmp_path, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"]
    configure += ["-DLONGPLAY_BUILD_PYTHON=OFF", "-DLONGPLAY_BUILD_TESTS=ON"]
    subprocess.run(configure, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", tmp_path], check=True, env=os.environ)
    environment = os.environ | {LIBRARY_VARIABLE: str(library_path())}
    for program in ("longplay_tests", "longplay_generator_tests", "longplay_kernel_tests", "longplay_model_tests"):
        tests = subprocess.run([tmp_path / program], check=False, capture_output=True, text=True, env=environment)
        assert tests.returncode == 0, tests.stdout[-4000:]
        assert " 0 tests" not in tests.stdout
        assert "SKIPPED" not in tests.stdout
