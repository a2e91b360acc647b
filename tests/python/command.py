"""The command line, in a process of its own."""

import subprocess
import sys


def run(*arguments, timeout=60):
    """Run ``longplay`` with these arguments to its end; what it wrote is text."""
    command = [sys.executable, "-m", "longplay", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
