"""Tokenizers of MidiTok, as vocabularies.

Source: Fradet et al., "MidiTok: A Python package for MIDI file tokenization", ISMIR 2021. The meaning of tokens is that
of MidiTok 3. Tokens may follow each other only where MidiTok's own count of errors stays 0.
"""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from longplay._base.require import show
from longplay._core import DRUMS, ModelError
from longplay._model.folder import load_model
from longplay._model.vocabulary import size_of_vocabulary
from longplay.files import write_whole
from longplay.importing.miditok_tokens import Tokens, read_tokens
from longplay.importing.writing import require_same_size
from longplay.tokenizer import Tokenizer

_BEATS_PER_MINUTE = 120  # until a token sets another tempo
_MINUTE_US = 60_000_000
_VELOCITY = 100  # of a tokenizer without velocities

_UNIGRAM = "-unigram"  # a special token of Unigram has a second name
_TOGETHER = "TimeShift_0.0.1"
_SPECIAL = {"PAD": "Unused", "BOS": "Unused", "MASK": "Unused", "EOS": "End"}
_OPERATIONS: dict[str, list[Any]] = {
    "Bar": [["bar"]],
    "Position": [["seek"]],
    "TimeShift": [["advance"]],
    "Together": [],
    "Rest": [["rest"]],
    "TimeSig": [["meter"]],
    "Tempo": [["tempo"]],
    "Program": [["program"]],
    "Drums": [["program"]],
    "Pitch": [["pitch"]],
    "PitchDrum": [["pitch"]],
    "NoteOn": [["pitch"]],
    "DrumOn": [["pitch"]],
    "NoteOff": [["pitch"], ["release"]],
    "DrumOff": [["pitch"], ["release"]],
    "Velocity": [["velocity"]],
    "Duration": [["duration"]],
    "End": [["end"]],
    "Unused": [],
}
_ONLY = {
    "Position": "later",
    "Pitch": "new",
    "PitchDrum": "new",
    "NoteOn": "new",
    "DrumOn": "new",
    "NoteOff": "sounding",
    "DrumOff": "sounding",
}
_AFTER_NOTES = {
    "REMI": ["Position", "Bar", "Rest"],
    "TSD": ["TimeShift", "Rest"],
    "MIDILike": ["TimeShift"],
    "Structured": ["TimeShift", "Together"],
}
_AFTER: dict[str, dict[str, list[str]]] = {  # what follows other types, beside notes
    "REMI": {
        "TimeSig": ["Position", "Bar"],
        "Position": ["Tempo"],
        "Tempo": ["Position", "Bar"],
    },
    "TSD": {
        "TimeShift": ["TimeShift", "Tempo", "TimeSig"],
        "TimeSig": ["TimeShift", "Tempo"],
        "Tempo": ["TimeShift"],
        "Rest": ["Rest", "TimeShift", "Tempo", "TimeSig"],
    },
    "MIDILike": {
        "TimeShift": ["TimeShift", "NoteOff", "DrumOff", "Tempo", "TimeSig"],
        "TimeSig": ["TimeShift", "Tempo"],
        "Tempo": ["TimeShift"],
        "Rest": ["Rest", "TimeShift", "Tempo", "TimeSig"],
        "NoteOff": ["NoteOff", "TimeShift", "Rest"],
        "DrumOff": ["DrumOff", "TimeShift", "Rest"],
    },
    "Structured": {"TimeShift": [], "Together": []},
}
_DRUM_KINDS = ("PitchDrum", "DrumOn", "DrumOff")
_FIRST = {
    "REMI": ["Bar"],
    "TSD": ["TimeShift", "TimeSig"],
    "MIDILike": ["TimeShift", "TimeSig"],
    "Structured": ["TimeShift", "Together"],
}


def vocabulary_of_miditok(path: Path) -> dict[str, Any]:
    """Return the meaning of a tokenizer's tokens, as ``docs/vocabularies.md`` has it.

    Parameters
    ----------
    path : Path
        A ``tokenizer.json`` of MidiTok 3, see `longplay.importing.miditok_tokens.read_tokens`.

    Raises
    ------
    ModelError
        The tokenizer cannot be imported; the message says why.
    OSError
        The file cannot be read.
    """
    tokens = read_tokens(path)
    meanings = [_meaning(tokens, name) for name in tokens.names]
    used = [name for name in _OPERATIONS if any(meaning[0] == name for meaning in meanings)]
    operations = _operations(tokens, used)
    then = _successors(tokens, used)
    return {
        "unit": {"per_beat": tokens.ticks_per_quarter, "bpm": _BEATS_PER_MINUTE, "meter": [4, 4], "scaled": True},
        "start": {"velocity": _VELOCITY, **_start_tempo(meanings)},
        "types": [
            {"name": name, "do": operations[name], "then": then[name], "only": [_ONLY[name]] if name in _ONLY else []}
            for name in used
        ],
        "first": _first(tokens, used),
        "tokens": meanings,
        **({} if tokens.pieces is None else {"pieces": tokens.pieces}),
    }


def import_miditok(tokenizer: Path, model: Path) -> int:
    """Give the tokens of a model folder the meaning that a tokenizer gives them.

    Parameters
    ----------
    tokenizer : Path
        A ``tokenizer.json`` of MidiTok 3.
    model : Path
        A folder of a model of one field: its ``config.json`` gets the key `vocabulary`, or another one.

    Returns
    -------
    int
        Number of tokens.

    Raises
    ------
    ModelError
        The tokenizer cannot be imported, or does not belong to the model; the message says why.
    OSError
        A file cannot be read or written.
    """
    meaning = vocabulary_of_miditok(tokenizer)
    config = load_model(model).config
    fields = config["fields"]
    if len(fields) != 1 or "values" in fields[0]:
        raise ModelError(f"{model} must have one field of tokens, not {', '.join(field['name'] for field in fields)}")
    size = size_of_vocabulary(meaning)
    require_same_size(tokenizer, size, model, fields[0]["size"])
    changed = {**config, "format": 2, "vocabulary": meaning}
    Tokenizer(changed)
    write_whole(model / "config.json", json.dumps(changed).encode(), overwrite=True)
    return size


def start_of_miditok(path: Path) -> int:
    """Return the id of the token before the first one: BOS or, if there is none, the number of ids."""
    tokens = read_tokens(path)
    if "BOS_None" in tokens.names:
        if tokens.pieces is None:
            return tokens.names.index("BOS_None")
        bos = max(number for number, name in enumerate(tokens.names) if name in ("BOS_None", f"BOS_None{_UNIGRAM}"))
        return int(tokens.pieces["tokens"].index([bos]))
    return len(tokens.names) if tokens.pieces is None else len(tokens.pieces["tokens"])


def _meaning(tokens: Tokens, name: str) -> list[Any]:
    """Return the type and the value of a token."""
    kind, _, value = name.partition("_")
    if kind in _SPECIAL:
        return [_SPECIAL[kind]]
    if name == _TOGETHER and tokens.tokenization == "Structured":
        return ["Together"]
    if kind == "Bar":
        return ["Bar"]
    if kind not in _OPERATIONS:
        raise ModelError(f"a token must be of type {', '.join(_OPERATIONS)}, not {show(name)}")
    if kind in _DRUM_KINDS:
        low, high = tokens.config["pitch_range"]
        if not tokens.config["use_programs"] or not low <= int(value) <= high:  # MidiTok ignores them
            return ["Unused"]
    return _PARTS[kind](tokens, kind, value) if kind in _PARTS else [kind, int(value)]


def _start_tempo(meanings: Sequence[list[Any]]) -> dict[str, int]:
    """Return the tempo before the first token of one: of all tempos the nearest to 120."""
    tempos = [meaning[1] for meaning in meanings if meaning[0] == "Tempo"]
    usual = _BEATS_PER_MINUTE
    return {"tempo": min(tempos, key=lambda tempo: abs(_MINUTE_US / tempo - usual))} if tempos else {}


def _length(tokens: Tokens, kind: str, value: str) -> list[Any]:
    beats, part, resolution = map(int, value.split("."))
    return [kind, (beats * resolution + part) * tokens.ticks_per_quarter // resolution]


def _position(tokens: Tokens, kind: str, value: str) -> list[Any]:
    return [kind, int(value) * tokens.ticks_per_quarter // tokens.positions_per_beat]


def _tempo(tokens: Tokens, kind: str, value: str) -> list[Any]:
    return [kind, round(_MINUTE_US / float(value))]


def _meter(tokens: Tokens, kind: str, value: str) -> list[Any]:
    return [kind, [int(part) for part in value.split("/")]]


def _program(tokens: Tokens, kind: str, value: str) -> list[Any]:
    return ["Drums", DRUMS] if value == "-1" else [kind, int(value)]


_PARTS: dict[str, Callable[[Tokens, str, str], list[Any]]] = {
    "Position": _position,
    "Tempo": _tempo,
    "TimeSig": _meter,
    "Program": _program,
    **dict.fromkeys(("TimeShift", "Rest", "Duration"), _length),
}


def _operations(tokens: Tokens, used: Sequence[str]) -> dict[str, list[Any]]:
    """Return what each type does. The last token of a note strikes it."""
    operations = {name: [*_OPERATIONS[name]] for name in used}
    if tokens.tokenization == "MIDILike" and "Rest" in used:
        operations["Rest"] = [["advance"]]
    strike: list[Any] = [["emit"]]
    if "NoteOff" in used:
        strike = [["press"]]
    elif "Duration" not in used:
        strike = [["duration", int(tokens.config["default_note_duration"] * tokens.ticks_per_quarter)], ["emit"]]
    *_, last = _note_parts(used)
    for name in last:
        operations[name] += strike
    return operations


def _note_parts(used: Sequence[str]) -> list[list[str]]:
    """Return the types of the tokens of a note, in order, without its program."""
    parts = [["Pitch", "NoteOn", *_DRUM_KINDS[:2]], ["Velocity"], ["Duration"]]
    found = [[name for name in part if name in used] for part in parts]
    return [part for part in found if part]


def _begin_notes(used: Sequence[str]) -> list[str]:
    """Return the types of the first token of a note."""
    programs = [name for name in ("Program", "Drums") if name in used]
    return programs if "Program" in used else _note_parts(used)[0]


def _first(tokens: Tokens, used: Sequence[str]) -> list[str]:
    """Return the types that may begin."""
    begins_with_notes = tokens.tokenization in ("TSD", "MIDILike")
    return [*(name for name in _FIRST[tokens.tokenization] if name in used)] + (
        _begin_notes(used) if begins_with_notes else []
    )


def _successors(tokens: Tokens, used: Sequence[str]) -> dict[str, list[str]]:
    """Return which types may follow each type."""
    parts = _note_parts(used)
    first = _begin_notes(used)
    again = [] if tokens.tokenization == "Structured" else first
    then: dict[str, list[str]] = {}
    for name, after in _AFTER[tokens.tokenization].items():
        then[name] = [*first, *after, "End"]
    for part, following in pairwise([*parts, [*again, *_AFTER_NOTES[tokens.tokenization], "End"]]):
        then |= dict.fromkeys(part, following)
    melodic, drums = ["Pitch", "NoteOn", "NoteOff"], list(_DRUM_KINDS)
    then["Program"] = melodic
    then["Drums"] = drums if any(name in used for name in drums) else melodic
    if tokens.tokenization == "REMI":
        then["Bar"] = ["TimeSig"] if "TimeSig" in used else ["Position", "Bar", "End"]
        then["Rest"] = ["Rest", "Position", "Bar", "End"]
    then["End"] = []
    then["Unused"] = _FIRST[tokens.tokenization]
    return {name: [each for each in then[name] if each in used] for name in used}
