"""Pieces of music as arrays: stored notes, their augmentation, and what a model reads of them."""

import json
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
    def draw(cls, random: np.random.Generator) -> "Augmentation":
        """Any key, up to 15 % slower or faster, softer or louder."""
        return cls(
            semitones=int(random.integers(-5, 7)),
            tempo=float(np.exp(random.uniform(np.log(0.85), np.log(1.15)))),
            loudness=float(random.uniform(-8, 8)),
            contrast=float(random.uniform(0.85, 1.15)),
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
    events : int32 array, shape (notes + 1, 4)
        START, then every note.
    targets : int32 array, shape (notes + 1, 4)
        Every note, then END, whose other fields are `IGNORED`.
    controls : int32 array, shape (notes + 1, 2)
        ``remaining``, from the onset of the event given, and ``style``.
    """

    events: NDArray[np.int32]
    targets: NDArray[np.int32]
    controls: NDArray[np.int32]


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
    """

    def __init__(self, folder: Path, split: str) -> None:
        pieces = json.loads((folder / "pieces.json").read_text(encoding="utf-8"))
        self.pieces = [piece for piece in pieces if piece["split"] == split]
        self.normalised = any("semitones" in piece for piece in pieces)
        self.by_source: dict[str, list[int]] = {}
        for index, piece in enumerate(self.pieces):
            self.by_source.setdefault(piece["source"], []).append(index)
        self._notes = np.load(folder / "notes.npy", mmap_mode="r")
        self._tokenizer = longplay.Tokenizer(tables.config("tables", [], 1))  # what trains is what serves

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
        style = tables.STYLES.index(tables.STYLE_OF_SOURCE.get(self.pieces[index]["source"], "unknown"))
        return read_notes(self._tokenizer, self.notes(index, change), style)


def read_notes(tokenizer: longplay.Tokenizer, notes: NDArray[Any], style: int) -> Reading:
    """Read notes of dtype `longplay.midi.NOTE`, none outside the piano, as events, targets and controls."""
    drawn = tokenizer.encode(notes)
    end = [tables.END, IGNORED, IGNORED, IGNORED]
    silence = np.max(notes["onset_ms"] + notes["duration_ms"], initial=0)
    left = silence - np.concatenate([[0], notes["onset_ms"]])
    controls = np.empty((len(drawn) + 1, 2), np.int32)
    controls[:, 0] = np.searchsorted(tables.REMAINING, left, side="right")
    controls[:, 1] = style
    return Reading(
        events=np.concatenate([[tables.START_EVENT], drawn]).astype(np.int32),
        targets=np.concatenate([drawn, [end]]).astype(np.int32),
        controls=controls,
    )
