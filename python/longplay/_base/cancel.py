"""Cancellation of calls that take time: ``docs/processes.md``."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from longplay._base.require import refuse_type
from longplay._core import Cancelled

T = TypeVar("T")


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
