"""Fixtures that any test may ask for."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import longplay

os.environ.pop("PYTHONUNBUFFERED", None)  # programs that tests start hold back their output, as a user's do

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/data/golden")


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """Write a seed of two notes."""
    notes = np.array([(0, 500, 60, 64), (500, 500, 64, 64)], longplay.NOTE)
    path = tmp_path / "seed.mid"
    path.write_bytes(longplay.write_midi(notes, 2))
    return path


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file of tests/data/golden; ``--update-golden`` writes the file instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{path} is missing; --update-golden writes it"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs; see --update-golden"

    return check
