"""The results of an engine: pieces and scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from longplay._base.require import require_flag, require_path
from longplay._making.snapshot import Snapshot
from longplay.files import write_whole
from longplay.midi import Notes, write_midi
from longplay.provenance import Provenance


def _freeze(holder: object, *names: str) -> None:
    """Replace arrays by views of them that cannot be written to."""
    for name in names:
        view = getattr(holder, name).view()
        view.flags.writeable = False
        object.__setattr__(holder, name, view)


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of music from `Engine.generate` or `Engine.extend`.

    Pieces are equal if all of these are equal; snapshots are not compared. The arrays are read-only.

    Attributes
    ----------
    notes : structured array, shape (notes,)
        ``onset_ms``, ``duration_ms``, ``pitch``, ``velocity``, sorted by onset, then pitch.
    duration : float
        Length in seconds, exact to the millisecond.
    events : int32 array, shape (events, 4)
        The ids that the engine drew. The time shift END separates the pieces of a recital; its other ids are 0.
    log_probabilities : float32 array, shape (events, 4)
        Natural logarithm of the probability that the model gave to each id, before temperature and filters.
    provenance : Provenance
        Record from which `Engine.regenerate` generates the piece again.
    warnings : tuple of str
        Problems of the seed.
    refusals : int
        Number of notes that the engine drew and rejected, because they would have quoted the index to avoid.
    before_ending : Snapshot, optional
        The snapshot that `snapshot` returns as bytes; None unless the piece is extendable.
    """

    notes: Notes = field(repr=False)
    duration: float
    events: NDArray[np.int32] = field(repr=False)
    log_probabilities: NDArray[np.float32] = field(repr=False)
    provenance: Provenance
    warnings: tuple[str, ...] = ()
    refusals: int = 0
    before_ending: Snapshot | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _freeze(self, "notes", "events", "log_probabilities")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        mine = (self.duration, self.provenance, self.warnings, self.refusals)
        return (
            mine == (other.duration, other.provenance, other.warnings, other.refusals)
            and np.array_equal(self.notes, other.notes)
            and np.array_equal(self.events, other.events)
            and np.array_equal(self.log_probabilities, other.log_probabilities)
        )

    def __hash__(self) -> int:
        return hash((self.duration, self.events.tobytes()))

    def to_bytes(self) -> bytes:
        """Return the piece as a MIDI file of type 0 with one track; see `write_midi`."""
        return write_midi(self.notes, self.duration)

    def save(self, path: str | Path, *, overwrite: bool = True) -> None:
        """Write the MIDI file. It appears under its name only when it is complete.

        Raises
        ------
        FileExistsError
            The file exists and `overwrite` is false.
        """
        write_whole(require_path("path", path), self.to_bytes(), overwrite=require_flag("overwrite", overwrite))

    def snapshot(self) -> bytes:
        """Return the piece before its ending, for `Engine.extend`: all up to the first onset in its last 12 s.

        Raises
        ------
        ValueError
            The piece was generated without ``extendable=True``.
        """
        if self.before_ending is None:
            raise ValueError("the piece has no snapshot: generate it with extendable=True")
        return self.before_ending.to_bytes()


@dataclass(frozen=True, eq=False)
class Score:
    """How likely a model finds the notes of a file.

    Scores are equal if their log-probabilities and warnings are equal. The array is read-only.

    Attributes
    ----------
    notes : int
        Number of notes.
    fields : dict of str to float
        Nats per note of each field, the mean of -log p; NaN without notes.
    log_probabilities : float32 array, shape (notes, 4)
        Log-probabilities of the ids of each note.
    warnings : tuple of str
        Problems of the file.
    """

    notes: int
    fields: dict[str, float]
    log_probabilities: NDArray[np.float32] = field(repr=False)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "log_probabilities")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Score):
            return NotImplemented
        return self.warnings == other.warnings and np.array_equal(self.log_probabilities, other.log_probabilities)

    def __hash__(self) -> int:
        return hash((self.warnings, self.log_probabilities.tobytes()))

    @classmethod
    def of(cls, names: Sequence[str], log_probabilities: NDArray[np.float32], warnings: Sequence[str]) -> "Score":
        """Return the score of notes from the log-probabilities of their fields, which have these names."""
        count = len(log_probabilities)
        means = -log_probabilities.mean(axis=0, dtype=np.float64) if count else np.full(len(names), np.nan)
        fields = {name: float(mean) for name, mean in zip(names, means, strict=True)}
        return cls(count, fields, log_probabilities, tuple(warnings))

    @property
    def total(self) -> float:
        """Nats per note over all fields; NaN without notes."""
        return sum(self.fields.values())
