"""Tokens of folk tunes: the ABC notation of FolkRNN, with a fixed meaning for each token.

FolkRNN [1]_ reads tunes in C as tokens of ABC: meter, mode, pitches, lengths, bar lines. Here a pitch has its
accidental always, and the three notes of a triplet are tokens of their own. So each token means the same everywhere,
and the engine can play it (docs/vocabularies.md).

References
----------
.. [1] Sturm et al., "Music Transcription Modelling and Composition Using Deep Learning", CSMC 2016.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from training.recipes.language import Ids
from training.recipes.tunes import MODES, REST, TICKS, Tune

METERS = ((4, 4), (2, 2), (2, 4), (3, 4), (6, 8), (9, 8), (12, 8))
PITCHES = range(48, 97)
LENGTHS = (3, 6, 9, 12, 18, 24, 36, 48, 72, 96)
"""Ticks of a note; all are multiples of the first, and so is every bar. An eighth has 12."""
TRIPLETS = (4, 8)
"""Ticks of a note of a triplet."""
PLACES = ("First", "Second", "Third")
EIGHTH = TICKS // 2
LINES = {"Open": "|:", "Bar": "|", "Close": ":|", "Stop": "||"}

_NOTES = ["Pitch", "Rest", *(f"First{ticks}" for ticks in TRIPLETS)]
_AFTER_NOTES = [*_NOTES, "Bar", "Close", "Stop"]
THEN: dict[str, list[str]] = {
    "End": ["Meter"],
    "Meter": ["Mode"],
    "Mode": [*_NOTES, "Open"],
    "Open": _NOTES,
    "Bar": _NOTES,
    "Close": [*_NOTES, "Open", "End"],
    "Stop": [*_NOTES, "Open", "End"],
    "Pitch": ["Length"],
    "Length": _AFTER_NOTES,
    "Rest": ["Pause"],
    "Pause": _AFTER_NOTES,
    **{f"First{ticks}": [f"Second{ticks}"] for ticks in TRIPLETS},
    **{f"Second{ticks}": [f"Third{ticks}"] for ticks in TRIPLETS},
    **{f"Third{ticks}": _AFTER_NOTES for ticks in TRIPLETS},
}
"""The grammar: what type of token may follow each type. The token 0, of type End, stands before a tune and ends it."""

TOKENS: list[tuple[str, Any]] = [
    ("End", None),
    *(("Meter", list(meter)) for meter in METERS),
    *(("Mode", mode) for mode in MODES.values()),
    ("Open", None),
    ("Bar", None),
    ("Close", None),
    ("Stop", None),
    *(("Pitch", pitch) for pitch in PITCHES),
    *(("Length", ticks) for ticks in LENGTHS),
    ("Rest", None),
    *(("Pause", ticks) for ticks in LENGTHS),
    *((f"{place}{ticks}", pitch) for ticks in TRIPLETS for place in PLACES for pitch in PITCHES),
]
_ID_OF = {(name, str(value)): number for number, (name, value) in enumerate(TOKENS)}
_LETTERS = ("=C", "^C", "=D", "^D", "=E", "=F", "^F", "=G", "^G", "=A", "^A", "=B")


def token_id(name: str, value: Any = None) -> int:
    """Return the id of a token; a KeyError if there is none."""
    return _ID_OF[name, str(value)]


def meaning() -> dict[str, Any]:
    """Return what the tokens mean to the engine (docs/vocabularies.md)."""
    strike = [["duration"], ["emit"], ["advance"]]
    operations: dict[str, list[list[Any]]] = {name: [] for name in THEN}
    operations |= {"End": [["end"]], "Meter": [["meter"]], "Pitch": [["pitch"]]}
    operations |= {"Length": strike, "Pause": [["advance"]]}
    for ticks in TRIPLETS:
        for place in PLACES:
            operations[f"{place}{ticks}"] = [["pitch"], ["duration", ticks], ["emit"], ["advance", ticks]]
    return {
        "unit": {"per_beat": TICKS, "bpm": 120},
        "start": {"velocity": 90},
        "types": [{"name": name, "do": operations[name], "then": then} for name, then in THEN.items()],
        "first": ["Meter"],
        "tokens": [[name] if value is None or name == "Mode" else [name, value] for name, value in TOKENS],
    }


def ids_of(tune: Tune) -> Ids | None:
    """Return the ids of a tune, the last one End; None if a token is missing or a triplet is not complete."""
    try:
        ids = [token_id("Meter", list(tune.meter)), token_id("Mode", tune.mode)]
        for bar, after in zip(tune.bars, [*tune.bars[1:], None], strict=True):
            if bar.begins:
                ids.append(token_id("Open"))
            ids += _notes(bar.notes)
            ends = after is None or after.begins
            ids.append(token_id("Close" if bar.repeats else "Stop" if ends else "Bar"))
    except KeyError:
        return None
    return np.array([*ids, token_id("End")])


def _notes(notes: Sequence[tuple[int, int]]) -> list[int]:
    ids, number = [], 0
    while number < len(notes):
        pitch, ticks = notes[number]
        if ticks in TRIPLETS:
            group = notes[number : number + len(PLACES)]
            if [length for _, length in group] != [ticks] * len(PLACES):
                raise KeyError("a triplet has three notes of one length")
            ids += [token_id(f"{place}{ticks}", one) for place, (one, _) in zip(PLACES, group, strict=True)]
            number += len(PLACES)
            continue
        ids += [token_id("Rest"), token_id("Pause", ticks)] if pitch == REST else [token_id("Pitch", pitch)]
        if pitch != REST:
            ids.append(token_id("Length", ticks))
        number += 1
    return ids


def text_of(ids: Sequence[int], number: int) -> str:
    """Return a tune as ABC; tokens that the grammar forbids are written as they come."""
    header, body = {"Meter": "4/4", "Mode": "maj"}, []
    for id_ in ids:
        name, value = TOKENS[id_]
        if name == "Meter":
            header[name] = f"{value[0]}/{value[1]}"
        elif name == "Mode":
            header[name] = value
        elif name in LINES:
            body.append(LINES[name])
        elif name in ("Length", "Pause"):
            body.append(_length(value))
        elif name == "Pitch":
            body.append(" " + _pitch(value))
        elif name == "Rest":
            body.append(" z")
        elif name != "End":
            place, ticks = name[:-1], int(name[-1])
            begin = " (3" if place == "First" else ""
            body.append(begin + _pitch(value) + _length(ticks * 3 // 2))
    return f"X:{number}\nM:{header['Meter']}\nL:1/8\nK:C{header['Mode']}\n{''.join(body).strip()}\n"


def _pitch(pitch: int) -> str:
    octave, name = pitch // 12 - 5, _LETTERS[pitch % 12]
    return name + "," * -octave if octave <= 0 else name.lower() + "'" * (octave - 1)


def _length(ticks: int) -> str:
    length = Fraction(ticks, EIGHTH)
    whole = "" if length.numerator == 1 else str(length.numerator)
    return whole if length.denominator == 1 else f"{whole}/{length.denominator}"
