"""Pieces of music as arrays: stored notes, their augmentation, and what a model reads of them."""

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
IGNORED = -100  # a target that is not there; what torch's cross entropy passes over


@dataclass(frozen=True)
class Spread:
    """How far music may be changed: lowest and highest semitones and tempo, loudness up or down, contrast from 1."""

    semitones: tuple[int, int] = (-5, 6)
    tempo: tuple[float, float] = (0.85, 1.15)
    loudness: float = 8.0
    contrast: float = 0.15


WIDE = Spread()


@dataclass(frozen=True)
class Augmentation:
    """A change that leaves music music.

    Attributes
    ----------
    semitones : int
        Added to pitches; notes that leave the piano are dropped.
    tempo : float
        Factor of all times.
    loudness, contrast : float
        Added to velocities, and factor of their distance from 64; the result stays in 1..127.
    """

    semitones: int = 0
    tempo: float = 1.0
    loudness: float = 0.0
    contrast: float = 1.0

    @classmethod
    def draw(cls, random: np.random.Generator, spread: Spread = WIDE) -> "Augmentation":
        """Any change within the spread; tempos evenly by their logarithm."""
        return cls(
            semitones=int(random.integers(*spread.semitones, endpoint=True)),
            tempo=float(np.exp(random.uniform(*np.log(spread.tempo)))),
            loudness=float(random.uniform(-spread.loudness, spread.loudness)),
            contrast=float(random.uniform(1 - spread.contrast, 1 + spread.contrast)),
        )

    def apply(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Notes of dtype `longplay.midi.NOTE` from stored ones."""
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
    """One piece as a model reads it: step i is given event i, and has to tell target i.

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
    """What the ids of a model mean, and how it reads music.

    Attributes
    ----------
    fields : dict
        How many ids of each field can be drawn, by name; START is one more in every field.
    controls : dict
        How many ids each control has, by name.
    unknown : list of int
        The id of each control that says nothing.
    spread : Spread
        How music is changed while training.
    seconds : float array, shape (ids of the first field,)
        How much time an id tells to pass.
    notes : bool array, shape (ids of the first field,)
        Which ids bring a note.
    read : callable
        Reads notes of dtype `longplay.midi.NOTE`, the first at 0 ms, of a source.
    config : callable
        Returns the config.json of a model from its name, its states and its context width.
    coarse : dict
        By field: the id in `tables.TABLES` that is nearest to each id of a finer table. Nats are compared on these.
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
    """Return the tokenizer of the built-in models' tables: what trains is what serves."""
    return longplay.Tokenizer(tables.config("tables", [], 1))


def read_notes(
    tokenizer: longplay.Tokenizer, notes: NDArray[Any], style: int, ids: tables.Tables = tables.TABLES
) -> Reading:
    """Read notes of dtype `longplay.midi.NOTE`, none outside the piano: a step for each, and END.

    END's other targets are `IGNORED`. ``remaining`` counts from the onset of the event given.
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
"""The four fields of the built-in models."""
FINE = _of_notes(tables.FINE)
"""The same, with finer tables."""


class Corpus:
    """The prepared notes of one split.

    Attributes
    ----------
    pieces : list of dict
        Rows of ``pieces.json``: ``path``, ``source``, ``tier``, ``split``, ``work``, ``count`` of notes, and where keys
        were normalised ``key``, ``key_confidence`` and ``semitones``, by which the notes were moved.
    by_source : dict
        Indices of pieces.
    normalised : bool
        All pieces are in C major or A minor; they are read in no other key.
    vocabulary : Vocabulary
        As what they are read.
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
        """Notes of one piece, of dtype `longplay.midi.NOTE`, the first at 0 ms."""
        piece = self.pieces[index]
        return change.apply(self._notes[piece["begin"] : piece["begin"] + piece["count"]])

    def read(self, index: int, change: Augmentation = AS_IT_IS) -> Reading:
        """Read one piece as events, targets and controls."""
        if self.normalised:
            change = replace(change, semitones=0)
        return self.vocabulary.read(self.notes(index, change), self.pieces[index]["source"])
