"""Vocabularies of the tutorials: symbols of a melody, and names of notes and chords."""

import io
import json
import pickle
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from longplay._base.require import show
from longplay._core import ModelError

HOLD, REST, END = "_", "r", "/"

# What unpickling damaged bytes raises, beside ValueError.
_PICKLE_PROBLEMS = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    TypeError,
)
_PICKLE = b"\x80"  # the first byte of a pickle since protocol 2
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_MIDDLE_C = 60  # pitch classes without an octave are those of the octave from middle C
_VELOCITY = 90
_BEATS_PER_MINUTE = 120


def read_symbols(path: Path) -> list[str]:
    """Read the symbols of a model, by their ids.

    Parameters
    ----------
    path : Path
        A JSON object of symbols with their ids, a JSON list, an array of NumPy with the symbols (``.npy``), or a
        pickle of such an object or list, or of a set. A set is sorted, and so is a list with repeated symbols, which
        is the music that the tutorials save. A pickle runs nothing.

    Raises
    ------
    ModelError
        The file is not one of these, or its ids are not 0, 1, 2 and so on; a pickle names code.
    OSError
        The file cannot be read.
    """
    data = path.read_bytes()
    try:
        if path.suffix == ".npy":
            symbols: Any = np.load(io.BytesIO(data), allow_pickle=False).tolist()
        elif data.startswith(_PICKLE):
            symbols = _Plain(io.BytesIO(data)).load()
        else:
            symbols = json.loads(data)
    except (*_PICKLE_PROBLEMS, ValueError) as problem:
        raise ModelError(
            f"{path} is not a vocabulary in JSON, NumPy's format or a pickle: {show(str(problem))}"
        ) from problem
    if isinstance(symbols, dict):
        ids = list(symbols.values())
        if not all(type(one) is int for one in ids) or sorted(ids) != list(range(len(ids))):
            raise ModelError(f"{path} must give the ids 0 to {len(ids) - 1}, each to one symbol")
        symbols = sorted(symbols, key=symbols.__getitem__)
    if isinstance(symbols, set | frozenset):
        symbols = sorted(symbols, key=str)
    if not isinstance(symbols, list) or not all(isinstance(one, str) for one in symbols):
        raise ModelError(f"{path} must be a list of symbols or an object of symbols with their ids")
    return symbols if len(set(symbols)) == len(symbols) else sorted(set(symbols))


class _Plain(pickle.Unpickler):
    """Builds dictionaries, lists, sets, texts and numbers, and refuses every name of a pickle."""

    def find_class(self, module: str, name: str) -> Any:
        raise ValueError(f"it must hold plain texts and numbers, without {module}.{name}")


def vocabulary_of(symbols: Sequence[str]) -> dict[str, Any]:
    """Return the meaning of symbols, as docs/vocabularies.md has it.

    A melody has MIDI pitches, ``_`` for a hold, ``r`` for a rest and ``/`` for the end, on a grid of sixteenths. Other
    symbols are notes such as ``E4`` and chords such as ``4.7.11``, pitch classes, one for each half beat; each sounds
    for a beat.

    Raises
    ------
    ModelError
        A symbol is none of these; the message names it.
    """
    return _melody(symbols) if HOLD in symbols else _slices(symbols)


def _melody(symbols: Sequence[str]) -> dict[str, Any]:
    names = {HOLD: ["Hold"], REST: ["Rest"], END: ["End"]}
    operations: dict[str, list[Any]] = {
        "Hold": [["advance", 1]],
        "Rest": [["release_last"], ["advance", 1]],
        "Note": [["release_last"], ["pitch"], ["press"], ["advance", 1]],
        "End": [["end"]],
    }
    tokens = [names[one] if one in names else ["Note", _pitch_number(one)] for one in symbols]
    return _vocabulary(4, {}, operations, tokens)


def _slices(symbols: Sequence[str]) -> dict[str, Any]:
    operations = {"Slice": [["pitch"], ["emit"], ["advance", 1]]}
    return _vocabulary(2, {"duration": 2}, operations, [["Slice", _pitches(one)] for one in symbols])


def _vocabulary(
    per_beat: int, start: dict[str, int], operations: dict[str, list[Any]], tokens: list[Any]
) -> dict[str, Any]:
    """Return a vocabulary in which any type may follow any other."""
    names = [name for name in operations if any(token[0] == name for token in tokens)]
    return {
        "unit": {"per_beat": per_beat, "bpm": _BEATS_PER_MINUTE},
        "start": {"velocity": _VELOCITY, **start},
        "types": [{"name": name, "do": operations[name], "then": names} for name in names],
        "first": names,
        "tokens": tokens,
    }


def _pitch_number(symbol: str) -> int:
    if symbol.isdecimal() and int(symbol) < 128:
        return int(symbol)
    raise ModelError(f"a symbol of a melody must be a MIDI pitch, {HOLD}, {REST} or {END}, not {show(symbol)}")


def _pitches(symbol: str) -> list[int]:
    if re.fullmatch(r"\d+(\.\d+)*", symbol) and all(int(part) < 12 for part in symbol.split(".")):
        return sorted({_MIDDLE_C + int(part) for part in symbol.split(".")})
    named = re.fullmatch(r"([A-G])([#-]*)(-?\d)", symbol)
    if not named:
        raise ModelError(f"a symbol must be a note such as E4 or a chord such as 4.7.11, not {show(symbol)}")
    letter, signs, octave = named.groups()
    return [12 * (int(octave) + 1) + _LETTERS[letter] + signs.count("#") - signs.count("-")]
