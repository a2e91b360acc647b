"""What the engine makes: pieces and scores."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay.files import write_whole
from longplay.midi import Notes, write_midi
from longplay.settings import Settings


@dataclass(frozen=True)
class Provenance:
    """What made a piece: enough to make it again on a machine of the same kind.

    Attributes
    ----------
    version : str
        Of longplay.
    model, model_hash : str
        Name of the model, and the SHA-256 of its files.
    seed_hash : str or None
        SHA-256 of the seed's bytes; None without a seed.
    candidate : int
        Its place among the seeds; with ``settings.random_seed``, what the random numbers are a function of.
    settings : Settings
        Everything that was asked for, defaults included.
    """

    version: str
    model: str
    model_hash: str
    seed_hash: str | None
    candidate: int
    settings: Settings

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Piece:
    """A piece of music made by `Engine.generate`.

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
    """

    notes: Notes = field(repr=False)
    duration: float
    events: NDArray[np.int32] = field(repr=False)
    log_probabilities: NDArray[np.float32] = field(repr=False)
    provenance: Provenance
    warnings: tuple[str, ...] = ()

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
