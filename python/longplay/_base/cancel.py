"""Cancellation of calls that take time: ``docs/processes.md``."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Protocol, TypeVar

from longplay._base.require import refuse_type
from longplay._core import Cancelled

T = TypeVar("T")

CALLS_BETWEEN_LOOKS = 1024  # of functions and returns, which take about a millisecond


class Cancel(Protocol):
    """An event that cancels a call: `threading.Event`, or another event that threads or processes share."""

    def is_set(self) -> bool:
        """Return whether the call must end."""


def require_cancel(cancel: Cancel | None) -> None:
    """Raise TypeError unless `cancel` is an event or None, and `Cancelled` if it is set."""
    if cancel is not None and (isinstance(cancel, type) or not callable(getattr(cancel, "is_set", None))):
        refuse_type("cancel", "a threading.Event or None", cancel)
    check(cancel)


def check(cancel: Cancel | None) -> None:
    """Raise `Cancelled` if `cancel` is set."""
    if cancel is not None and cancel.is_set():
        raise Cancelled("the work was cancelled")


def until(cancel: Cancel | None, items: Iterable[T]) -> Iterator[T]:
    """Yield items; raise `Cancelled` before an item if `cancel` is set."""
    for item in items:
        check(cancel)
        yield item


@contextmanager
def watching(cancel: Cancel | None) -> Iterator[None]:
    """Let `cancel` stop Python code of another library, which does not look at it: when it calls functions."""
    if cancel is None:
        yield
        return
    calls, before = count(), sys.getprofile()

    def look(frame: object, event: str, argument: object) -> None:
        if not next(calls) % CALLS_BETWEEN_LOOKS:
            check(cancel)

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
    check(cancel)
