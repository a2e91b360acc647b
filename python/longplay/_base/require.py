"""Checks of arguments, with one wording for all refusals.

The wording is "NAME must be in [A, B], not VALUE". A value of the wrong type raises TypeError and a value out of range
raises ValueError. Numbers of NumPy are returned as numbers of Python.
"""

import math
import reprlib
from collections.abc import Collection, Iterable, Mapping
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn, SupportsFloat, SupportsInt, TypeVar, cast

T = TypeVar("T")

_LONGEST_SHOWN = 80  # characters of a value in a message
_SHOWN = reprlib.Repr()  # shows a few entries of a list, and entries of entries
_SHOWN.maxlevel, _SHOWN.maxstring, _SHOWN.maxother = 2, 1000, 1000


def require_number(name: str, value: object, low: float, high: float, *, open_low: bool = False) -> float:
    """Return a number as a float; refuse other types and numbers out of range.

    With `open_low`, the range is (`low`, `high`].
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        refuse_type(name, "a number", value)
    try:
        number = float(cast(SupportsFloat, value))
    except OverflowError:
        number = math.inf if cast(Any, value) > 0 else -math.inf
    if not low <= number <= high or (open_low and number == low):
        raise ValueError(f"{name} must be in {show_range(low, high, open_low)}, not {show(value)}")
    return number


def require_integer(name: str, value: object, low: int, high: float = math.inf) -> int:
    """Return an integer as an int; refuse other types and integers out of range."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        refuse_type(name, "an integer", value)
    number = int(cast(SupportsInt, value))
    if not low <= number <= high:
        wanted = f"at least {low}" if high == math.inf else f"in {show_range(low, high)}"
        raise ValueError(f"{name} must be {wanted}, not {show(number)}")
    return number


def require_flag(name: str, value: object) -> bool:
    """Return True or False; refuse anything else. ``numpy.bool_`` is returned as a bool."""
    of_numpy = type(value).__module__ == "numpy" and type(value).__name__.startswith("bool")
    if not isinstance(value, bool) and not of_numpy:
        refuse_type(name, "True or False", value)
    return bool(value)


def require_choice(name: str, value: object, choices: Collection[str]) -> str:
    """Return one of `choices`; refuse anything else."""
    if isinstance(value, str) and value in choices:
        return value
    raise ValueError(f"{name} must be one of {', '.join(choices)}, not {show(value)}")


def require_list(name: str, values: Iterable[T]) -> list[T]:
    """Return values as a list; refuse one path or one bytes object, which would be taken apart."""
    if isinstance(values, (str, bytes, bytearray, PathLike)):
        shown = show(values)
        raise TypeError(f"{name} must be a list, not {shown}; to fix this, pass [{shown}]")
    if not isinstance(values, Iterable):
        refuse_type(name, "a list", values)
    return list(values)


def require_instance(name: str, value: object, kind: type[T]) -> T:
    """Return an instance of a class; refuse anything else."""
    if not isinstance(value, kind):
        refuse_type(name, f"of type {kind.__name__}", value)
    return value


def require_mapping(name: str, value: object) -> Mapping[str, Any]:
    """Return a mapping; refuse anything else."""
    if not isinstance(value, Mapping):
        refuse_type(name, "a mapping", value)
    return value


def require_path(name: str, value: str | PathLike[str]) -> Path:
    """Return a path; refuse anything but text and paths."""
    if not isinstance(value, (str, PathLike)):
        refuse_type(name, "a path", value)
    return Path(value)


def require_callable(name: str, value: object) -> None:
    """Refuse anything but None and callables."""
    if value is not None and not callable(value):
        refuse_type(name, "callable or None", value)


def refuse_type(name: str, wanted: str, value: object) -> NoReturn:
    """Raise TypeError: `name` must be `wanted`."""
    raise TypeError(f"{name} must be {wanted}, not {show(value)}")


def show(value: object) -> str:
    """Return a value as messages show it: one short line, however large the value is."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, (str, bytes, bytearray)):
        value = value[: _LONGEST_SHOWN + 1]  # the repr of the whole takes up to four times its memory
    try:
        shape, kind = getattr(value, "shape", ()), type(value)
        if isinstance(shape, tuple) and shape:
            return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__} of shape {tuple(shape)}"
        text = _SHOWN.repr(value)
    except Exception:  # the class of the value is broken
        text = object.__repr__(value)
    if not isinstance(value, str):
        text = " ".join(text.split())
    return shorten(text)


def shorten(text: str) -> str:
    """Return a text, cut to the length that messages show."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def show_range(low: float, high: float, open_low: bool = False) -> str:
    """Return a range as messages and help texts show it."""
    return f"{'(' if open_low else '['}{_shown(low)}, {_shown(high)}]"


def _shown(bound: float) -> str:
    """Return a bound as text: 2**31 - 1 instead of 2147483647."""
    if isinstance(bound, int) and bound >= 2**31 - 1 and (bound + 1).bit_count() == 1:
        return f"2**{bound.bit_length()} - 1"
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
