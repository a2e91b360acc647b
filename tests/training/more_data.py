"""Find the data that tests read: tests/data, and the folder that LONGPLAY_TEST_DATA names."""

import os
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"


def more_data(name: str) -> list[Path]:
    """Return the path of a file or folder in LONGPLAY_TEST_DATA; empty if the variable or the path is missing."""
    folder = os.environ.get("LONGPLAY_TEST_DATA")
    found = [Path(folder) / name] if folder else []
    return [path for path in found if path.exists()]
