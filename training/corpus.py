"""Read prepared pieces as arrays: stored notes, their augmentation, and the events of a model."""

import dataclasses
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import longplay
from longplay.midi import NOTE
from training import tables

STORED = np.dtype([("onset_ms", "<i4"), ("duration_ms", "<i4"), ("pitch", "u1"), ("velocity", "u1")])
IGNORED = -100  # marks a missing target, which torch's cross entropy ignores


@dataclass(frozen=True)
class Spread:
    """The range of augmentation: lowest and highest semitones and tempo, largest change of loudness and contrast."""

    semitones: tuple[int, int] = (-5, 6)
    tempo: tuple[float, float] = (0.85, 1.15)
    loudness: float = 8.0
    contrast: float = 0.15


WIDE = Spread()


@dataclass(frozen=True)
class Augmentation:
    """A change of a piece that keeps it musical.

    Attributes
    ----------
    semitones : int
        Added to pitches. Notes that leave the piano are dropped.
    tempo : float
        Factor of all times.
    loudness, contrast : float
        Added to velocities, and factor of their distance from 64. The result is clipped to 1..127.
    """

    semitones: int = 0
    tempo: float = 1.0
    loudness: float = 0.0
    contrast: float = 1.0

    @classmethod
    def draw(cls, random: np.random.Generator, spread: Spread = WIDE) -> "Augmentation":
        """Draw a change within the spread, uniformly; tempos are uniform in their logarithm."""
        return cls(
            semitones=int(random.integers(*spread.semitones, endpoint=True)),
            tempo=float(np.exp(random.uniform(*np.log(spread.tempo)))),
            loudness=float(random.uniform(-spread.loudness, spread.loudness)),
            contrast=float(random.uniform(1 - spread.contrast, 1 + spread.contrast)),
        )

    def apply(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Return the changed notes, of dtype `longplay.midi.NOTE`."""
        pitch = stored["pitch"].astype(np.int64) + self.semitones
        kept = (pitch >= tables.PITCH[0]) & (pitch <= tables.PITCH[-1])
        stored = stored[kept]
        notes = np.empty(len(stored), NOTE)
        notes["pitch"] = pitch[kept]
        notes["onset_ms"] = np.rint(stored["onset_ms"] * self.tempo)
        notes["duration_ms"] = np.maximum(1, np.rint(stored["duration_ms"] * self.tempo))
        velocity = 64 + (stored["velocity"].astype(np.float64) - 64) * self.contrast + self.loudness
        notes["velocity"] = np.clip(np.rint(velocity), 1, 127)
        return notes


AS_IT_IS = Augmentation()


@dataclass(frozen=True)
class Reading:
    """One piece as a model reads it: the input of step i is event i, and its target is target i.

    Attributes
    ----------
    events, targets : int32 array, shape (steps, fields)
        The first event is START.
    controls : int32 array, shape (steps, controls)
    """

    events: NDArray[np.int32]
    targets: NDArray[np.int32]
    controls: NDArray[np.int32]


@dataclass(frozen=True)
class Vocabulary:
    """The meaning of a model's ids, and how music becomes ids.

    Attributes
    ----------
    fields : dict
        The number of ids of each field that can be drawn, by name. START is one id more in every field.
    controls : dict
        The number of ids of each control, by name.
    unknown : list of int
        The id of each control that means unknown.
    spread : Spread
        The range of augmentation in training.
    seconds : float array, shape (ids of the first field,)
        The time that passes with each id.
    notes : bool array, shape (ids of the first field,)
        Whether each id starts a note.
    read : callable
        Reads notes of dtype `longplay.midi.NOTE`, the first at 0 ms, and the name of their source.
    config : callable
        Returns the config.json of a model from its name, its states and its context width.
    coarse : dict
        For each field with a finer table, the nearest id of `tables.TABLES` to each id. Scores use the nearest ids.
    """

    fields: dict[str, int]
    controls: dict[str, int]
    unknown: list[int]
    spread: Spread
    seconds: NDArray[np.float64]
    notes: NDArray[np.bool_]
    read: Callable[[NDArray[Any], str], Reading]
    config: Callable[[str, list[dict[str, Any]], int], dict[str, Any]]
    coarse: dict[str, NDArray[np.int64]] = dataclasses.field(default_factory=dict)


@functools.cache
def note_tokenizer() -> longplay.Tokenizer:
    """Return the tokenizer of the built-in models' tables, which the engine uses too."""
    return longplay.Tokenizer(tables.config("tables", [], 1))


def read_notes(
    tokenizer: longplay.Tokenizer, notes: NDArray[Any], style: int, ids: tables.Tables = tables.TABLES
) -> Reading:
    """Read notes of dtype `longplay.midi.NOTE`, all on the piano: one step for each, and one for END.

    The other targets of END are `IGNORED`. ``remaining`` counts from the onset of the input event.
    """
    drawn, sizes = tokenizer.encode(notes), tables.sizes(ids)
    end = [sizes[0] - 1, IGNORED, IGNORED, IGNORED]
    silence = np.max(notes["onset_ms"] + notes["duration_ms"], initial=0)
    left = silence - np.concatenate([[0], notes["onset_ms"]])
    controls = np.empty((len(drawn) + 1, 2), np.int32)
    controls[:, 0] = np.searchsorted(tables.REMAINING, left, side="right")
    controls[:, 1] = style
    return Reading(
        events=np.concatenate([[sizes], drawn]).astype(np.int32),
        targets=np.concatenate([drawn, [end]]).astype(np.int32),
        controls=controls,
    )


def _of_notes(ids: tables.Tables) -> Vocabulary:
    sizes = tables.sizes(ids)
    config = functools.partial(tables.config, tables=ids)
    tokenizer = functools.cache(lambda: longplay.Tokenizer(config("tables", [], 1)))

    def read(notes: NDArray[Any], source: str) -> Reading:
        style = tables.STYLES.index(tables.STYLE_OF_SOURCE.get(source, "unknown"))
        return read_notes(tokenizer(), notes, style, ids)

    def nearest(name: str) -> NDArray[np.int64]:
        near = np.abs(np.subtract.outer(ids[name], tables.TABLES[name])).argmin(axis=1)
        return np.append(near, tables.END) if name == "time_shift" else near

    return Vocabulary(
        fields=dict(zip(ids, sizes, strict=True)),
        controls=dict(zip(("remaining", "style"), tables.CONTROL_SIZES, strict=True)),
        unknown=tables.UNKNOWN_CONTROL,
        spread=WIDE,
        seconds=np.array([*ids["time_shift"], 0]) / 1000,  # END takes no time
        notes=np.arange(sizes[0]) != sizes[0] - 1,
        read=read,
        config=config,
        coarse={name: nearest(name) for name in ids if ids[name] != tables.TABLES[name]},
    )


NOTES = _of_notes(tables.TABLES)
"""The vocabulary of the built-in models, with four fields."""
FINE = _of_notes(tables.FINE)
"""The same fields with the finer tables."""
NOTE_VOCABULARIES = (NOTES, FINE)
"""The vocabularies whose events are notes."""


def vocabulary_of(config: dict[str, Any]) -> Vocabulary:
    """Return the vocabulary of notes that a config.json has."""
    for vocabulary in NOTE_VOCABULARIES:
        if vocabulary.config("", [], 1)["fields"] == config["fields"]:
            return vocabulary
    raise ValueError(f"the fields of the model {config['name']!r} must be those of a vocabulary of notes")


class Corpus:
    """The prepared notes of one split.

    Attributes
    ----------
    pieces : list of dict
        Rows of ``pieces.json``: ``path``, ``source``, ``tier``, ``split``, ``work`` and ``count`` of notes. If keys
        were normalised, also ``key``, ``key_confidence`` and ``semitones``, by which the notes were transposed.
    by_source : dict
        The indices of each source's pieces.
    normalised : bool
        Whether all pieces are in C major or A minor. Such pieces are read in no other key.
    vocabulary : Vocabulary
        The vocabulary in which pieces are read.
    """

    def __init__(self, folder: Path, split: str, vocabulary: Vocabulary = NOTES) -> None:
        pieces = json.loads((folder / "pieces.json").read_text(encoding="utf-8"))
        self.pieces = [piece for piece in pieces if piece["split"] == split]
        self.normalised = any("semitones" in piece for piece in pieces)
        self.by_source: dict[str, list[int]] = {}
        for index, piece in enumerate(self.pieces):
            self.by_source.setdefault(piece["source"], []).append(index)
        self._notes = np.load(folder / "notes.npy", mmap_mode="r")
        self.vocabulary = vocabulary

    def mean_notes(self, source: str) -> float:
        """Return the mean length of a source's pieces, in notes."""
        return float(np.mean([self.pieces[index]["count"] for index in self.by_source[source]]))

    def notes(self, index: int, change: Augmentation = AS_IT_IS) -> NDArray[Any]:
        """Return the notes of one piece, of dtype `longplay.midi.NOTE`, the first at 0 ms."""
        piece = self.pieces[index]
        return change.apply(self._notes[piece["begin"] : piece["begin"] + piece["count"]])

    def read(self, index: int, change: Augmentation = AS_IT_IS) -> Reading:
        """Read one piece as events, targets and controls."""
        if self.normalised:
            change = replace(change, semitones=0)
        return self.vocabulary.read(self.notes(index, change), self.pieces[index]["source"])
