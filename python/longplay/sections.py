"""The plan of a piece: sections that return, such as "A16sB16sA16s"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from longplay import _core
from longplay._base.require import refuse_type, show
from longplay.midi import NOTE, Notes, resolve_overlaps
from longplay.originality.melody import melody
from longplay.prompt import read_prompt
from longplay.settings import LONGEST_SECONDS, NO_SKETCH_SETTINGS
from longplay.sketch import TAIL_SECONDS, Sketch, pulsed

SHORTEST_SECTION, LONGEST_SECTION = 4, 600
"""Seconds of a section."""

CONTEXT_SECONDS = 60.0
"""Music before a section that the model reads."""

INTRO, OUTRO = "i", "o"

_SECTION = re.compile(r"([A-Zio])(\d*)(s?)(?:\(([^()]*)\))?", flags=re.ASCII)


@dataclass(frozen=True)
class Section:
    """A section of a plan.

    Attributes
    ----------
    name : str
        A letter; ``i`` is an introduction and ``o`` an ending.
    begin, end : int
        Its time in the piece, in seconds.
    original : int or None
        Index of the section that this one returns to; None for a new section.
    settings : dict of str to object
        Settings of the section by its words, which a return has from its original.
    """

    name: str
    begin: int
    end: int
    original: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def parse_form(text: str) -> list[Section]:
    """Read a plan such as "i4sA16sB16s(fast, F major)A16so8s".

    A section is a letter from A to Z and its length in seconds. Words in brackets are those of `read_prompt`. A letter
    that occurred before is a return, and needs no length. ``i`` is an introduction, in the first place only. ``o`` is
    an ending, in the last place only.

    Raises
    ------
    TypeError
        The plan is not text.
    ValueError
        The plan breaks the grammar, or a length is out of range. The message has the position, counted from 1.
    """
    if not isinstance(text, str):
        refuse_type("form", "text", text)
    sections: list[Section] = []
    lengths: dict[str, int] = {}
    at = begin = 0
    while at < len(text):
        match = _SECTION.match(text, at)
        if match is None:
            _refuse(at, f"a section, such as A16s, must begin, not {show(text[at])}")
        name, digits, unit, words = match.groups()
        after = match.end()
        if digits and not unit:
            _refuse(at, f"{name}{digits} counts bars, but no model knows beats; write seconds, such as {name}16s")
        if unit and not digits:
            _refuse(at, f"the number before s is missing; write a length, such as {name}16s")
        if not digits and name not in lengths:
            _refuse(at, f"the length of {name} is missing; write {name}16s")
        if (name == INTRO and sections) or (name == OUTRO and after < len(text)):
            _refuse(at, f"{name} must stand {'first' if name == INTRO else 'last'}")
        length = int(digits[:9]) if digits else lengths[name]
        if not SHORTEST_SECTION <= length <= LONGEST_SECTION:
            _refuse(at, f"{name} must last {SHORTEST_SECTION} to {LONGEST_SECTION} s, not {length} s")
        original = next((i for i, one in enumerate(sections) if one.name == name), None)
        settings = _settings_of(words, at) if original is None else sections[original].settings
        if original is not None and words is not None:
            _refuse(at, f"{name} has its words from its first occurrence; leave out {show(words)}")
        sections.append(Section(name, begin, begin + length, original, settings))
        lengths.setdefault(name, length)
        at, begin = after, begin + length
    if not sections:
        raise ValueError('form must have a section, such as "A16sB16sA16s"')
    if begin > LONGEST_SECONDS:
        raise ValueError(f"form must last at most {LONGEST_SECONDS} s, not {begin} s")
    return sections


def _settings_of(words: str | None, at: int) -> dict[str, Any]:
    """Return the settings of a section's words; refuse those that a section does not take."""
    if words is None:
        return {}
    try:
        settings = read_prompt(words).settings
    except ValueError as error:
        _refuse(at, str(error))
    for name in NO_SKETCH_SETTINGS:
        if name in settings:
            _refuse(at, f"a section does not take the setting {name}; leave its word out of {show(words)}")
    return settings


def _refuse(at: int, problem: str) -> NoReturn:
    raise ValueError(f"form at position {at + 1}: {problem}")


def recalled(notes: Notes, share: float, random_seed: int) -> Notes:
    """Return the notes of a section that its return keeps: those of the melody first, then others by lot.

    Parameters
    ----------
    notes : structured array, shape (notes,)
    share : float
        How many of the notes to keep, in [0, 1].
    random_seed : int
    """
    if not len(notes):
        return notes
    lots = np.array([_core.uniform(random_seed=random_seed, candidate=0, event=i, field=0) for i in range(len(notes))])
    is_other = np.ones(len(notes))
    is_other[melody(notes)] = 0
    order = np.lexsort((lots, is_other))
    return notes[np.sort(order[: round(share * len(notes))])]


def section_sketch(before: Notes, begin_ms: int, seconds: float, kept: Notes, per_second: float) -> tuple[Sketch, int]:
    """Return the sketch of a section behind the last minute of music, and when the section begins in the sketch.

    Parameters
    ----------
    before : structured array, shape (notes,)
        The music so far.
    begin_ms : int
        When the section begins, in the time of `before`.
    seconds : float
        Length of the section.
    kept : structured array, shape (notes,)
        Notes of the section that are given, with times in the section.
    per_second : float
        How many notes to add in a second; 0 leaves it to the model.
    """
    near = before[before["onset_ms"] >= begin_ms - 1000 * CONTEXT_SECONDS]
    origin_ms = int(near["onset_ms"].min(initial=begin_ms))
    start_ms = begin_ms - origin_ms
    given = resolve_overlaps(np.concatenate([shifted(near, -origin_ms), shifted(kept, start_ms)]))
    end = start_ms / 1000 + seconds
    last = int((given["onset_ms"] + given["duration_ms"]).max(initial=0)) / 1000
    return pulsed(given, max(last, end) + TAIL_SECONDS, (start_ms / 1000, end), per_second), start_ms


def between(notes: Notes, begin_ms: int, end_ms: int) -> Notes:
    """Return the notes that start in a span, with their times in the span."""
    return shifted(notes[(notes["onset_ms"] >= begin_ms) & (notes["onset_ms"] < end_ms)], -begin_ms)


def shifted(notes: Notes, by_ms: int) -> Notes:
    """Return notes at another time, no two of one pitch overlapping."""
    moved = np.array(notes, NOTE)
    moved["onset_ms"] += by_ms
    return resolve_overlaps(moved)


def cut(notes: Notes, seconds: float) -> Notes:
    """Return the notes of a piece that lasts so long; notes that sound at its end are cut."""
    length_ms = round(1000 * seconds) - _core.SILENT_END_MS
    notes = notes[notes["onset_ms"] < length_ms]
    notes["duration_ms"] = np.minimum(notes["duration_ms"], length_ms - notes["onset_ms"])
    return notes
