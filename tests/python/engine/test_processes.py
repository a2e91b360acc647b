"""An engine in a forked child, and in daemon threads of a program that ends."""

import os
import subprocess
import sys

import pytest
import tiny_model

FORKED = """
import gc, os, sys, time
import longplay

engine = longplay.Engine({folder!r}, "cpu", 2)
expected = engine.generate(None, 5).to_bytes()
stream, session = engine.stream(None), engine.session(None)
pieces = {pieces}


def child():
    global pieces
    {child}


pid = os.fork()
if pid == 0:
    child()
    sys.exit(0)
end = time.monotonic() + 20
while not (done := os.waitpid(pid, os.WNOHANG))[0]:
    if time.monotonic() > end:
        os.kill(pid, 9)
    time.sleep(0.01)
assert engine.generate(None, 5).to_bytes() == expected
sys.exit(3 if os.WIFSIGNALED(done[1]) else os.WEXITSTATUS(done[1]))
"""
IDLE, MAKING = "None", "engine.generate_batch([None] * 30, 3600)"
REFUSED = "Error: the engine cannot be used in a process forked from the one that made it; to fix this, "

DAEMON = """
import sys, threading, time
import longplay

engine = longplay.Engine({folder!r}, "cpu", 2)
hour = engine.generate(None, 3600).to_bytes()
session = engine.session(None)


def work():
    while True:
        {work}


threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
sys.exit(7)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a program with a tiny model."""
    folder = str(tiny_model.build(tmp_path_factory.mktemp("model"), soft=True))

    def run_it(program, **parts):
        command = [sys.executable, "-c", program.format(folder=folder, **parts)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    return run_it


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@needs_fork
@pytest.mark.parametrize("pieces", [IDLE, MAKING], ids=["idle", "making"])
@pytest.mark.parametrize(
    "child",
    [
        pytest.param("pass", id="ends"),
        pytest.param("del globals()['pieces']; gc.collect()", id="drops what is made"),
        pytest.param("stream.close(); pieces and pieces.close()", id="closes what is made"),
        pytest.param(
            "own = longplay.Engine({folder!r}, 'cpu', 2); assert own.generate(None, 5).to_bytes() == expected",
            id="makes an engine of its own",
        ),
    ],
)
def test_a_forked_child_ends_as_it_should(run, pieces, child):
    done = run(FORKED.replace("{child}", child), pieces=pieces)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_fork
@pytest.mark.parametrize("pieces", [IDLE, MAKING], ids=["idle", "making"])
@pytest.mark.parametrize(
    "child",
    [
        "engine.generate(None, 5)",
        "engine.score(expected)",
        "next(stream)",
        "stream.snapshot()",
        "session.next()",
        "next(pieces or engine.generate_batch([None], 5))",
    ],
)
def test_an_engine_is_refused_in_a_forked_child(run, pieces, child):
    done = run(FORKED, pieces=pieces, child=child)
    assert done.returncode == 1
    assert REFUSED in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "work",
    [
        "list(engine.generate_batch([None] * 30, 3600))",
        "engine.score(hour)",
        "next(engine.stream(None))",
        "session.next()",
        "longplay.Engine({folder!r})",
    ],
)
def test_a_daemon_thread_does_not_change_how_a_program_ends(run, work):
    done = run(DAEMON.replace("{work}", work))
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")
