"""Options of the parts of a bench."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from longplay._model.opened import model_path
from longplay.engine import Engine
from longplay.midi import NOTE, write_midi
from longplay.tokenizer import Tokenizer


@dataclass(frozen=True)
class Options:
    """Amount of work to measure, with its model and seed.

    Attributes
    ----------
    model : str, optional
        Model folder or name, as for `Engine`.
    seed : bytes, optional
        The MIDI file that all pieces continue; by default 16 s of broken chords.
    threads : tuple of int
        Numbers of threads that throughput is measured with.
    seconds : int
        Seconds of the piece that is generated alone.
    batch_seconds : int
        Seconds of each candidate of a batch.
    batches : tuple of int
        Numbers of candidates in a batch.
    memory_hours : tuple of float
        Hours of music after which memory is measured.
    notes : int
        Notes of the MIDI file that is read and written.
    calls : int
        Number of runs of a latency.
    repeats : int
        Number of runs of everything else.
    """

    model: str | None = None
    seed: bytes | None = None
    threads: tuple[int, ...] = (1,)
    seconds: int = 3600
    batch_seconds: int = 300
    batches: tuple[int, ...] = (1, 8, 64, 256)
    memory_hours: tuple[float, ...] = (1.0, 10.0)
    notes: int = 30_000
    calls: int = 1000
    repeats: int = 5

    def quick(self) -> Self:
        """Return options with little work, which check that everything runs."""
        few = replace(self, seconds=60, batch_seconds=5, batches=(1, 8), memory_hours=(0.02, 0.2))
        return replace(few, notes=5000, calls=20, repeats=2)

    @property
    def folder(self) -> Path:
        """Folder of the model."""
        return model_path(self.model)

    @cached_property
    def engine(self) -> Engine:
        """Engine with one thread."""
        return Engine(self.model, num_threads=1)

    @property
    def tokenizer(self) -> Tokenizer:
        """Tokenizer of the model."""
        return Tokenizer(json.loads((self.folder / "config.json").read_text(encoding="utf-8")))

    @cached_property
    def source(self) -> bytes:
        """Bytes of the seed."""
        return _broken_chords() if self.seed is None else self.seed


def _broken_chords() -> bytes:
    notes = np.empty(64, NOTE)
    notes["onset_ms"] = 250 * np.arange(len(notes))
    notes["duration_ms"] = 400
    notes["velocity"] = 64
    chords = ((48, 55, 60, 64), (45, 52, 57, 60), (41, 48, 53, 57), (43, 50, 55, 59))  # C, A minor, F, G
    notes["pitch"] = np.tile(np.array(chords, np.uint8), (1, 4)).ravel()
    return write_midi(notes, 17)
