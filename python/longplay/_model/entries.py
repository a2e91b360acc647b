"""Readers of the entries of a config.json. Each takes the name of an entry and its value."""

import enum
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from longplay._base.require import show
from longplay._core import ModelError

T = TypeVar("T")
E = TypeVar("E", bound=enum.Enum)


class Object:
    """An object of config.json, every key of which must be taken."""

    def __init__(self, entry: str, value: object) -> None:
        if not isinstance(value, dict):
            refuse(entry, "an object", value)
        self._prefix = f"{entry}." if entry else ""
        self._left = dict(value)

    def take(self, key: str, translate: Callable[[str, Any], T], default: T | None = None) -> T:
        """Remove a key and translate its value; a key without a default must exist."""
        if key in self._left:
            return translate(self._prefix + key, self._left.pop(key))
        if default is None:
            raise ModelError(f"config.json: {self._prefix}{key} is missing")
        return default

    def has(self, key: str) -> bool:
        """Return whether a key is left."""
        return key in self._left

    def finish(self) -> None:
        """Refuse keys that were not taken."""
        for key in self._left:
            raise ModelError(f"config.json: {self._prefix}{key} is not an entry of the format")


def list_of(translate: Callable[[str, Any], T]) -> Callable[[str, Any], list[T]]:
    """Return the reader of a list, each entry of which `translate` reads."""

    def translate_all(entry: str, value: object) -> list[T]:
        if not isinstance(value, list):
            refuse(entry, "a list", value)
        return [translate(f"{entry}[{index}]", item) for index, item in enumerate(value)]

    return translate_all


def text(entry: str, value: object) -> str:
    """Read printable text."""
    if not isinstance(value, str) or not value.isprintable():
        refuse(entry, "printable text", value)
    return value


def integer(entry: str, value: object) -> int:
    """Read an integer of 32 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
        refuse(entry, "an integer of 32 bits", value)
    return value


def number(entry: str, value: object) -> float:
    """Read a number."""
    if type(value) not in (int, float):
        refuse(entry, "a number", value)
    return float(value)  # type: ignore[arg-type]


def flag(entry: str, value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        refuse(entry, "true or false", value)
    return value


def one_of(kind: type[E]) -> Callable[[str, Any], E]:
    """Return the reader of the name of an enumeration's member."""

    def translate(entry: str, value: object) -> E:
        known = kind.__members__
        if not isinstance(value, str) or value not in known:
            refuse(entry, f"one of {', '.join(known)}", value)
        return known[value]

    return translate


def refuse(entry: str, rule: str, value: object) -> NoReturn:
    """Raise ModelError: an entry must be what the rule says."""
    raise ModelError(f"config.json: {entry} must be {rule}, not {show(value)}")
