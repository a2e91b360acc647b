"""Plan of a farm: everything that determines the bytes of its pieces."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from longplay import _core
from longplay._require import require_integer
from longplay.midi import Notes, midi_bytes
from longplay.provenance import Provenance


@dataclass(frozen=True)
class PlannedSeed:
    """A MIDI file to answer, with the bytes that it had when the farm was opened."""

    name: str
    data: bytes = field(repr=False)
    notes: Notes = field(repr=False, compare=False)

    @classmethod
    def read(cls, path: str | Path) -> "PlannedSeed":
        """Read a MIDI file; an error names it."""
        name = Path(path).name
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name!r} is not a name in UTF-8. To fix this, rename the seed") from None
        data = midi_bytes(path)
        try:
            notes, _ = _core.read_score(data)  # the engine returns the warnings
        except _core.MidiError as error:
            raise _core.MidiError(f"{path}: {error}") from error
        return cls(name, data, notes)

    @property
    def hash(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Plan:
    """What a farm makes.

    Attributes
    ----------
    seeds : sequence of PlannedSeed
        The files to answer.
    count : int
        Candidates of each seed, at least 1.
    provenance : Provenance
        Model, version and settings of all candidates.
    """

    seeds: Sequence[PlannedSeed]
    count: int
    provenance: Provenance

    def __post_init__(self) -> None:
        if not self.seeds:
            raise ValueError("seeds must hold at least one MIDI file")
        require_integer("count", self.count, 1)

    def __len__(self) -> int:
        return len(self.seeds) * self.count

    def seed(self, number: int) -> PlannedSeed:
        """Return the seed of a candidate: the first `count` candidates answer the first seed, and so on."""
        return self.seeds[number // self.count]

    def provenance_of(self, number: int) -> Provenance:
        """Return the provenance of a candidate."""
        return replace(self.provenance, candidate=number, seed_hash=self.seed(number).hash)

    def file(self, number: int) -> str:
        """Return the name of a candidate's MIDI file."""
        return f"{Path(self.seed(number).name).stem}-{number:04d}.mid"

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain values, ready for JSON: plans with equal values make the same bytes."""
        common = self.provenance.as_dict()
        return {
            "version": common["version"],
            "model": common["model"],
            "model_hash": common["model_hash"],
            "seeds": [f"{seed.name} (SHA-256 {seed.hash[:16]})" for seed in self.seeds],
            "count": self.count,
            "avoid": common["index_hash"],
            **common["settings"],
        }
