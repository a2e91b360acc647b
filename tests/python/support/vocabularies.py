"""Vocabularies of four published kinds, and an interpreter of vocabularies in plain Python."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

PIANO = range(21, 109)


def performance() -> dict[str, Any]:
    """Return the 388 events of Performance RNN: 100 shifts of 10 ms, 32 velocities, 128 keys up and down."""
    every = ["Shift", "Velocity", "Press", "Release"]
    return {
        "unit": {"ms": 10},
        "start": {"velocity": 66},
        "types": [
            {"name": "Press", "do": [["pitch"], ["press"]], "then": every},
            {"name": "Release", "do": [["pitch"], ["release"]], "then": every, "only": ["sounding"]},
            {"name": "Shift", "do": [["advance"]], "then": every},
            {"name": "Velocity", "do": [["velocity"]], "then": ["Shift", "Press", "Release"]},
        ],
        "first": every,
        "tokens": [
            *(["Press", pitch] for pitch in range(128)),
            *(["Release", pitch] for pitch in range(128)),
            *(["Shift", ticks] for ticks in range(1, 101)),
            *(["Velocity", velocity] for velocity in range(2, 128, 4)),
        ],
    }


def bars() -> dict[str, Any]:
    """Return bars, positions, pitches, velocities and durations, as in REMI, and a token for the end."""
    return {
        "unit": {"per_beat": 8, "bpm": 120},
        "types": [
            {"name": "Bar", "do": [["bar"]], "then": ["Position", "Bar"]},
            {"name": "Position", "do": [["seek"]], "then": ["Pitch"]},
            {"name": "Pitch", "do": [["pitch"]], "then": ["Velocity"], "only": ["new"]},
            {"name": "Velocity", "do": [["velocity"]], "then": ["Duration"]},
            {"name": "Duration", "do": [["duration"], ["emit"]], "then": ["Pitch", "Next", "Bar", "End"]},
            {"name": "Next", "do": [["seek"]], "then": ["Pitch"], "only": ["later"]},
            {"name": "End", "do": [["end"]], "then": []},
        ],
        "first": ["Bar"],
        "tokens": [
            ["End"],
            ["Bar"],
            *(["Position", place] for place in range(32)),
            *(["Next", place] for place in range(1, 32)),
            *(["Pitch", pitch] for pitch in PIANO),
            *(["Velocity", velocity] for velocity in range(3, 128, 4)),
            *(["Duration", ticks] for ticks in [*range(1, 17), *range(20, 65, 4)]),
        ],
    }


def shifts() -> dict[str, Any]:
    """Return notes with durations between shifts of time, as in TSD."""
    return {
        "unit": {"per_beat": 8, "bpm": 100},
        "types": [
            {"name": "Pitch", "do": [["pitch"]], "then": ["Velocity"]},
            {"name": "Velocity", "do": [["velocity"]], "then": ["Duration"]},
            {"name": "Duration", "do": [["duration"], ["emit"]], "then": ["Pitch", "Shift"]},
            {"name": "Shift", "do": [["advance"]], "then": ["Pitch", "Shift"]},
        ],
        "first": ["Pitch", "Shift"],
        "tokens": [
            *(["Pitch", pitch] for pitch in PIANO),
            *(["Velocity", velocity] for velocity in range(3, 128, 4)),
            *(["Duration", ticks] for ticks in range(1, 65)),
            *(["Shift", ticks] for ticks in range(1, 33)),
        ],
    }


def melody() -> dict[str, Any]:
    """Return one voice on a grid of sixteenths: a pitch, a hold or a rest a step, and the end."""
    every = ["Note", "Hold", "Rest", "End"]
    return {
        "unit": {"per_beat": 4, "bpm": 120},
        "types": [
            {"name": "Note", "do": [["release_last"], ["pitch"], ["press"], ["advance", 1]], "then": every},
            {"name": "Hold", "do": [["advance", 1]], "then": every},
            {"name": "Rest", "do": [["release_last"], ["advance", 1]], "then": every},
            {"name": "End", "do": [["end"]], "then": every},
        ],
        "first": every,
        "tokens": [["Hold"], ["Rest"], ["End"], *(["Note", pitch] for pitch in range(45, 82))],
    }


def chords() -> dict[str, Any]:
    """Return a note or a chord for each half beat."""
    slices = [[60], [62], [64, 67], [60, 64, 67], [59, 62, 67], [65, 69, 72], [67], [69, 72], [55, 59], [57, 60, 64]]
    return {
        "unit": {"per_beat": 2, "bpm": 120},
        "start": {"velocity": 80},
        "types": [{"name": "Slice", "do": [["pitch"], ["emit"], ["advance", 1]], "then": ["Slice"]}],
        "first": ["Slice"],
        "tokens": [["Slice", pitches] for pitches in slices],
    }


def ensemble() -> dict[str, Any]:
    """Return notes of a piano, a violin and drums between shifts of time, at two tempos, pressed and released."""
    every = ["Shift", "Program", "Tempo"]
    return {
        "unit": {"per_beat": 4, "bpm": 120},
        "start": {"tempo": 500_000},
        "types": [
            {"name": "Shift", "do": [["advance"]], "then": every},
            {"name": "Tempo", "do": [["tempo"]], "then": ["Shift", "Program"]},
            {"name": "Program", "do": [["program"]], "then": ["Press", "Release", "Note"]},
            {"name": "Note", "do": [["pitch"], ["duration", 2], ["emit"]], "then": every, "only": ["new"]},
            {"name": "Press", "do": [["pitch"], ["press"]], "then": every, "only": ["silent", "new"]},
            {"name": "Release", "do": [["pitch"], ["release"]], "then": every, "only": ["sounding"]},
        ],
        "first": ["Shift"],
        "tokens": [
            *(["Shift", ticks] for ticks in (1, 2, 3, 4, 8)),
            *(["Tempo", quarter] for quarter in (400_000, 700_001)),
            *(["Program", program] for program in (0, 40, 128)),
            *([kind, pitch] for kind in ("Note", "Press", "Release") for pitch in (48, 60, 64, 67)),
        ],
    }


def learned(vocabulary: dict[str, Any], kind: str, words: str = "none") -> dict[str, Any]:
    """Return a vocabulary with pieces of tokens that may follow each other, as BPE or Unigram would learn them."""
    random = np.random.default_rng(3)
    tokens = vocabulary["tokens"]
    types = {one["name"]: one for one in vocabulary["types"]}
    pieces: list[list[int | None]] = [[token] for token in range(len(tokens))]
    pieces += [[None]] if words != "none" else []
    merges: list[list[int]] = []
    while len(merges) < 300:
        left, right = random.integers(len(pieces), size=2).tolist()
        before, after = pieces[left][-1], pieces[right][0]
        may_follow = before is None or (after is not None and tokens[after][0] in types[tokens[before][0]]["then"])
        if after is not None and may_follow and (merged := pieces[left] + pieces[right]) not in pieces:
            pieces.append(merged)
            merges.append([left, right])
    found = {"tokens": pieces, "words": words}
    if kind == "BPE":
        return {**vocabulary, "pieces": {**found, "merges": merges}}
    return {**vocabulary, "pieces": {**found, "scores": (-random.uniform(1, 9, len(pieces))).tolist()}}


def size_of(vocabulary: dict[str, Any]) -> int:
    """Return the number of ids."""
    return len(vocabulary["pieces"]["tokens"] if "pieces" in vocabulary else vocabulary["tokens"])


def tokens_of(vocabulary: dict[str, Any], ids: Sequence[int]) -> list[int]:
    """Return the tokens that ids stand for."""
    if "pieces" not in vocabulary:
        return list(ids)
    return [token for one in ids for token in vocabulary["pieces"]["tokens"][one] if token is not None]


ALL = {one.__name__: one() for one in (performance, bars, shifts, melody, chords)}
LEARNED = {"BPE": learned(bars(), "BPE", "bar"), "Unigram": learned(performance(), "Unigram")}
ALL |= LEARNED


def ticks_to_ms(vocabulary: dict[str, Any]) -> Callable[[int], int]:
    """Return the function from ticks to milliseconds."""
    unit = vocabulary["unit"]
    if "ms" in unit:
        return lambda ticks: ticks * unit["ms"]
    per_minute = unit["per_beat"] * unit["bpm"]
    return lambda ticks: (ticks * 60_000 + per_minute // 2) // per_minute


class Walk:
    """Follows tokens by the rules of docs/vocabularies.md, and refuses those that must not follow."""

    def __init__(self, vocabulary: dict[str, Any]) -> None:
        self.tokens = vocabulary["tokens"]
        self.types = {one["name"]: one for one in vocabulary["types"]}
        self.first = vocabulary["first"]
        start = vocabulary.get("start", {})
        self.begin = (start.get("velocity", 64), start.get("duration", 1))
        self.unit = vocabulary["unit"]
        self.restart()

    def restart(self) -> None:
        """Begin a piece."""
        self.time, self.bar_start, self.in_bar = 0, 0, False
        self.seek_from, self.latest_end, self.beat, self.program = 0, 0, 4, 0
        self.bar = 4 * self.unit["per_beat"] if "per_beat" in self.unit else 0
        self.tempos = [(0, 60_000_000 // self.unit.get("bpm", 120))]
        self.velocity, self.duration = self.begin
        self.pitches: list[int] = []
        self.down: dict[tuple[int, int], int] = {}
        self.struck: tuple[int, set[tuple[int, int]]] = (-1, set())
        self.type: str | None = None

    def copy(self) -> "Walk":
        """Return a walk that goes on from here."""
        other = copy.copy(self)
        other.down, other.tempos = dict(self.down), list(self.tempos)
        other.struck = (self.struck[0], set(self.struck[1]))
        return other

    def may_follow(self, token: int) -> bool:
        """Return whether the grammar allows a token."""
        name, *value = self.tokens[token]
        one = self.types[name]
        if name not in (self.first if self.type is None else self.types[self.type]["then"]):
            return False
        pitches = value[0] if value and isinstance(value[0], list) else value
        keys = {(self.program, pitch) for pitch in pitches}
        checks = {
            "later": lambda: self._is_later(one, value),
            "new": lambda: self.struck[0] != self.time or not self.struck[1] & keys,
            "sounding": lambda: all(self.down.get(key, 0) > 0 for key in keys),
            "silent": lambda: not any(self.down.get(key, 0) for key in keys),
        }
        return all(checks[condition]() for condition in one.get("only", []))

    def _is_later(self, one: dict[str, Any], value: Sequence[int]) -> bool:
        (operation,) = (each for each in one["do"] if each[0] in ("seek", "advance"))
        number = self.scaled(operation[1] if len(operation) == 2 else value[0])
        return number > 0 if operation[0] == "advance" else self.seek_from <= self.bar_start + number < self._bar_end()

    def _bar_end(self) -> int:
        return self.bar_start + self.bar

    def scaled(self, ticks: int) -> int:
        """Return the ticks that a value stands for in the meter."""
        return 4 * ticks // self.beat if self.unit.get("scaled") else ticks

    def take(self, token: int) -> Iterator[tuple[str, int, int, int]]:
        """Take a token, and yield what sounds: ("strike", pitch, velocity, duration) or ("release", pitch, 0, 0)."""
        name, *value = self.tokens[token]
        self.type = name
        for kind, *constant in self.types[name]["do"]:
            number = constant[0] if constant else value[0] if value else None
            if kind in ("advance", "bar", "seek", "rest"):
                self._move(kind, number)
            elif kind == "meter":
                self.bar, self.beat = 4 * self.unit["per_beat"] * number[0] // number[1], number[1]
            elif kind == "tempo":
                self.tempos.append((self.time, number))
            elif kind == "pitch":
                self.pitches = number if isinstance(number, list) else [number]
            elif kind in ("velocity", "program"):
                setattr(self, kind, number)
            elif kind == "duration":
                self.duration = self.scaled(number)
            elif kind == "release_last":
                yield from (("release", pitch, 0, 0) for (_, pitch), n in sorted(self.down.items()) if n)
                self.down = {}
            elif kind == "release":
                yield from self._release()
            elif kind in ("press", "emit"):
                yield from self._strike(kind == "press")

    def _move(self, kind: str, number: Any) -> None:
        if kind == "advance":
            self.time += self.scaled(number)
        elif kind == "seek":
            self.time = max(self.time, self.bar_start + self.scaled(number))
        elif kind == "rest":
            self.time = max(self.time, self.latest_end) + self.scaled(number)
            if self.bar:
                self.bar_start += (self.time - self.bar_start) // self.bar * self.bar
                self.in_bar = True
        else:
            self.time = max(self.time, self._bar_end()) if self.in_bar else self.time
            self.bar_start, self.in_bar = self.time, True
        self.seek_from = self.time + (kind == "seek")

    def _strike(self, holds: bool) -> Iterator[tuple[str, int, int, int]]:
        for pitch in self.pitches:
            if self.struck[0] != self.time:
                self.struck = (self.time, set())
            key = (self.program, pitch)
            self.struck[1].add(key)
            if holds:
                self.down[key] = self.down.get(key, 0) + 1
            else:
                self.latest_end = max(self.latest_end, self.time + self.duration)
            yield "strike", pitch, self.velocity, 0 if holds else self.duration

    def _release(self) -> Iterator[tuple[str, int, int, int]]:
        for pitch in self.pitches:
            key = (self.program, pitch)
            if self.down.get(key, 0) == 0:
                continue
            self.latest_end = max(self.latest_end, self.time)
            self.down[key] -= 1
            if self.down[key] == 0:
                yield "release", pitch, 0, 0
