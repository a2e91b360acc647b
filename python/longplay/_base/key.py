"""Names of keys."""

import re
from typing import NamedTuple

from longplay._base.require import refuse_type, show

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"": 0, "#": 1, "b": -1}
_NAME = re.compile(r"([A-Ga-g])([#b]?) (major|minor)")


class Key(NamedTuple):
    """A key by its tonic, a pitch class with C as 0, and its mode."""

    tonic: int
    minor: bool


def parse_key(name: str, value: object) -> str:
    """Return the value of the setting `name`: "seed", "free", or the name of a key.

    Raises
    ------
    TypeError, ValueError
        The value is none of these; the message names the setting.
    """
    if not isinstance(value, str):
        refuse_type(name, "text", value)
    if value in ("seed", "free") or _NAME.fullmatch(value):
        return value
    raise ValueError(f'{name} must be "seed", "free", or a key such as "D minor" or "Bb major", not {show(value)}')


def parse_scale(name: str, value: object) -> str | None:
    """Return the value of the setting `name`: the name of a key, or None.

    Raises
    ------
    TypeError, ValueError
        The value is none of these; the message names the setting.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        refuse_type(name, "text or None", value)
    if not _NAME.fullmatch(value):
        raise ValueError(f'{name} must be a scale such as "D minor" or "Bb major", not {show(value)}')
    return value


def pitch_classes(name: str) -> frozenset[int]:
    """Return the pitch classes of a major or natural minor scale such as "D minor"."""
    key = named_key(name)
    steps = (0, 2, 3, 5, 7, 8, 10) if key.minor else (0, 2, 4, 5, 7, 9, 11)
    return frozenset((key.tonic + step) % 12 for step in steps)


def named_key(name: str) -> Key:
    """Return the key of a name such as "D minor"."""
    match = _NAME.fullmatch(name)
    assert match is not None
    letter, sign, mode = match.groups()
    return Key((_LETTERS[letter.upper()] + _SIGNS[sign]) % 12, mode == "minor")
