"""The command line, in a process of its own."""

import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager


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


@contextmanager
def served(*arguments):
    """Run a command that serves a page, and return its process and the URL; Ctrl+C ends it without a message."""
    process = subprocess.Popen(
        [sys.executable, "-m", "longplay", *map(str, arguments), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    guard = threading.Timer(240, process.kill)
    guard.start()
    yield process, re.match(r"(http://127\.0\.0\.1:\d+/)  ", process.stdout.readline())[1]
    process.send_signal(signal.SIGINT)
    out, message = process.communicate(timeout=20)
    guard.cancel()
    assert (process.returncode, out, message) == (0, "", "")


def _run(*arguments, timeout):
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
