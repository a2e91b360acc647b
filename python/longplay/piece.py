"""What the engine makes: pieces and scores."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from longplay._making.snapshot import Snapshot
from longplay.files import write_whole
from longplay.midi import Notes, write_midi
from longplay.provenance import Provenance


@dataclass(frozen=True)
class Piece:
    """A piece of music made by `Engine.generate` or `Engine.extend`.

    Attributes
    ----------
    notes : structured array, shape (notes,)
        ``onset_ms``, ``duration_ms``, ``pitch``, ``velocity``, sorted by onset, then pitch.
    duration : float
        Length in seconds, exact to the millisecond.
    events : int32 array, shape (events, 4)
        The ids as they were drawn. The time shift END parts the pieces of a recital; its other ids are 0.
    log_probabilities : float32 array, shape (events, 4)
        Natural logarithm of the probability that the model gave to each id, before temperature and filters.
    provenance : Provenance
        What made the piece.
    warnings : tuple of str
        What was odd about the seed.
    refusals : int
        How many notes were drawn and not taken because they would have quoted what the piece had to avoid.
    before_ending : Snapshot, optional
        What `snapshot` gives as bytes; None unless the piece is extendable.
    """

    notes: Notes = field(repr=False)
    duration: float
    events: NDArray[np.int32] = field(repr=False)
    log_probabilities: NDArray[np.float32] = field(repr=False)
    provenance: Provenance
    warnings: tuple[str, ...] = ()
    refusals: int = 0
    before_ending: Snapshot | None = field(default=None, repr=False)

    def to_bytes(self) -> bytes:
        """The piece as a MIDI file of type 0 with one track; see `write_midi`."""
        return write_midi(self.notes, self.duration)

    def save(self, path: str | Path, *, overwrite: bool = True) -> None:
        """Write the MIDI file. It appears under its name only when it is complete.

        Raises
        ------
        FileExistsError
            The file exists and `overwrite` is false.
        """
        write_whole(Path(path), self.to_bytes(), overwrite=overwrite)

    def snapshot(self) -> bytes:
        """The piece as it was before its ending, for `Engine.extend`: up to the first onset in its last 12 s.

        Raises
        ------
        ValueError
            The piece was not made with ``extendable=True``.
        """
        if self.before_ending is None:
            raise ValueError("only a piece made with extendable=True has a snapshot")
        return self.before_ending.to_bytes()


@dataclass(frozen=True)
class Score:
    """How likely a model finds a file's notes.

    Attributes
    ----------
    notes : int
        How many were scored.
    fields : dict of str to float
        Nats per note of each field, the mean of -log p; NaN without notes.
    log_probabilities : float32 array, shape (notes, 4)
        Of each note's ids.
    warnings : tuple of str
        What was odd about the file.
    """

    notes: int
    fields: dict[str, float]
    log_probabilities: NDArray[np.float32] = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Nats per note over all fields; NaN without notes."""
        return sum(self.fields.values())
