"""The program `longplay`, which `python -m longplay` runs too.

Ctrl-C ends the program at any moment with one line and the exit status 130. Therefore this module imports nothing large
before it has set its handler of the signal.
"""

import _thread
import atexit
import os
import signal
import sys
import threading
from typing import Any, NoReturn

INTERRUPTED = 130  # exit status
SOON = 0.01  # seconds


class Interrupt(KeyboardInterrupt):
    """Ctrl-C.

    Dataclasses call `exec` and `eval`. After a plain KeyboardInterrupt inside these, Python replaces the exit status of
    the program by the signal, even if the program has caught the exception. A subclass has no such effect.
    """


def main() -> None:
    """Run the command line and exit with its status."""
    if threading.current_thread() is threading.main_thread():
        atexit.register(_replace_handler, _leave, signal.SIG_IGN)  # runs last, shortly before the end
        _replace_handler(signal.default_int_handler, _raise_interrupt)
        sys.unraisablehook = _interrupt_again
    try:
        try:
            from longplay.cli import run

            run()
        finally:
            _replace_handler(_raise_interrupt, _leave)
    except BaseException as ending:
        interrupt = _interrupt_behind(ending)
        if interrupt is None:
            raise
        print(f"longplay: {interrupt or 'interrupted'}", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _replace_handler(old: Any, new: Any) -> None:
    """Set a handler of Ctrl-C unless somebody else, such as a background shell, has set another one."""
    if signal.getsignal(signal.SIGINT) is old:
        signal.signal(signal.SIGINT, new)


def _raise_interrupt(*_: object) -> NoReturn:
    raise Interrupt


def _interrupt_again(ignored: "sys.UnraisableHookArgs") -> None:
    """Repeat an interrupt that came inside a callback, from which Python lets no exception out."""
    if not isinstance(ignored.exc_value, Interrupt):
        sys.__unraisablehook__(ignored)
        return
    timer = threading.Timer(SOON, _thread.interrupt_main)
    timer.daemon = True
    timer.start()


def _leave(*_: object) -> NoReturn:
    """End the program at once, because its work is over or has been interrupted before."""
    os._exit(INTERRUPTED)


def _interrupt_behind(ending: BaseException) -> str | None:
    """Return the message of the interrupt that led to an exception; None if the reason was another one."""
    reason: BaseException | None = ending
    while reason is not None and not isinstance(reason, KeyboardInterrupt):
        reason = reason.__cause__ or reason.__context__
    return None if reason is None else str(reason)


if __name__ == "__main__":
    main()
