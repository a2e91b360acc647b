"""The command line, in a process of its own."""

import subprocess
import sys


def run(*arguments, timeout=60):
    """Run ``longplay`` with these arguments to its end; what it wrote is text."""
    return _run("-m", "longplay", *map(str, arguments), timeout=timeout)


def run_without(module, *arguments):
    """Run the command as if a module were not installed."""
    program = (
        f"import sys; sys.modules[{module!r}] = None; sys.argv = {['longplay', *map(str, arguments)]};"
        "from longplay.__main__ import main; main()"
    )
    return _run("-c", program, timeout=60)


def _run(*arguments, timeout):
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
