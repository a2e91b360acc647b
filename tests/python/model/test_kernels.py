"""The kernels: which are used, and that a piece does not depend on them."""

import hashlib
from pathlib import Path

import pytest

from longplay import Engine, _core
from longplay._model import runtime as runtime_module
from longplay._model.runtime import KERNELS_VARIABLE, library_path, open_library

EXAMPLE = Path(__file__).parents[3] / "examples/traumerei.mid"
USABLE = _core.Runtime.usable_kernels()


def test_the_scalar_kernels_can_always_be_used():
    assert USABLE[0] == "scalar"


def test_the_fastest_kernels_are_used_unless_others_are_named(monkeypatch):
    monkeypatch.delenv(KERNELS_VARIABLE, raising=False)
    assert open_library().kernels == _core.Runtime(str(library_path())).kernels == USABLE[-1]
    monkeypatch.setenv(KERNELS_VARIABLE, "scalar")
    assert open_library().kernels == runtime_module.chosen_kernels() == "scalar"


def test_kernels_that_cannot_be_used_are_refused(monkeypatch):
    monkeypatch.setenv(KERNELS_VARIABLE, "MMX")
    with pytest.raises(_core.DeviceError, match=r"LONGPLAY_KERNELS must be one of scalar.* not 'MMX'"):
        open_library()
    with pytest.raises(ValueError, match=r"kernels must be one of scalar.*, not MMX"):
        _core.Runtime(str(library_path()), "MMX")


@pytest.mark.parametrize("model", ["piano-lstm", "piano"])
def test_all_kernels_make_the_same_piece(monkeypatch, model):
    pieces = set()
    for name in USABLE:
        monkeypatch.setenv(KERNELS_VARIABLE, name)
        piece = Engine(model, "cpu", num_threads=1).generate(EXAMPLE, seconds=30, random_seed=5)
        pieces.add(hashlib.sha256(piece.to_bytes()).hexdigest())
    assert len(pieces) == 1
