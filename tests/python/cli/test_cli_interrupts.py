"""Ctrl-C ends the command line with the exit status 130 and one line, at whatever moment it comes."""

import signal
import subprocess
import sys
from functools import partial

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

PROGRAM = """
import atexit, os, signal, sys, time, types
import longplay.__main__

def press():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
    print("nothing was interrupted")

def command(work):
    import longplay.doctor
    longplay.doctor.examine = lambda model: work()

def while_a_dataclass_is_made():
    command(lambda: exec("press()", {"press": press}))

def while_a_module_of_c_is_initialised():
    def initialise():
        try:
            press()
        except KeyboardInterrupt as interrupt:
            raise ImportError("initialization failed") from interrupt
    command(initialise)

def while_an_error_is_handled():
    def report():
        try:
            raise OSError("a full disk")
        except OSError:
            press()
    command(report)

def while_typer_is_imported():
    class Finder:
        def find_spec(name, *_):
            if name == "typer":
                press()
    sys.meta_path.insert(0, Finder)

def inside_a_callback():
    class Object:
        def __del__(self):
            press()
    def report():
        Object()  # Python lets no exception out of __del__
        time.sleep(5)
    command(report)

def after_the_command():
    command(lambda: sys.exit(atexit.register(press) and 0))

def while_python_ends():
    class Object:
        def __del__(self, kill=os.kill, process=os.getpid(), number=signal.SIGINT):
            kill(process, number)
    global last
    last = Object()
    command(lambda: sys.exit(0))

def twice():
    command(lambda: atexit.register(press)())

MOMENTS[0]()
sys.argv[1:] = ["doctor"]
longplay.__main__.main()
"""

MOMENTS = [
    "while_a_dataclass_is_made",
    "while_a_module_of_c_is_initialised",
    "while_an_error_is_handled",
    "while_typer_is_imported",
    "inside_a_callback",
    "twice",
]


@pytest.fixture
def press_at(tmp_path):
    """Run the command with Ctrl-C at a moment, as a module, whose exit Python treats differently from a script's."""
    return partial(status_and_streams, tmp_path)


def status_and_streams(folder, moment, handler=signal.SIG_DFL):
    (folder / "pressed.py").write_text(PROGRAM.replace("MOMENTS[0]", moment))
    done = subprocess.run(
        [sys.executable, "-m", "pressed"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, handler),  # a background shell ignores it
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_is_status_130_and_one_line(press_at, moment):
    assert press_at(moment) == (130, "", "longplay: interrupted\n")


def test_an_interrupt_after_the_command_is_status_130_without_a_word(press_at):
    assert press_at("after_the_command") == (130, "", "")


def test_an_interrupt_while_python_ends_changes_nothing(press_at):
    assert press_at("while_python_ends") == (0, "", "")


def test_an_interrupt_that_the_shell_ignores_changes_nothing(press_at):
    status, out, message = press_at("after_the_command", signal.SIG_IGN)
    assert (status, out, message) == (0, "nothing was interrupted\n", "")
