"""The pieces of two built-in models have the bytes that every platform must make; see tools/golden_pieces.py."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "tools" / "golden_pieces.py"


def test_the_golden_pieces_are_made(golden, request):
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    golden("pieces.txt", run.stdout)
    assert request.config.getoption("--update-golden") or run.returncode == 0, run.stderr
