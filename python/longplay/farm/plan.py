"""What a farm makes: everything that the bytes of its pieces depend on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from longplay import _core
from longplay.midi import Notes, midi_bytes
from longplay.provenance import Provenance


@dataclass(frozen=True)
class PlannedSeed:
    """A MIDI file to answer, as it was when the farm was opened."""

    name: str
    data: bytes = field(repr=False)
    notes: Notes = field(repr=False, compare=False)

    @classmethod
    def read(cls, path: str | Path) -> "PlannedSeed":
        """The file as it is now."""
        data = midi_bytes(path)
        notes, _ = _core.read_score(data)  # the engine tells what is odd about it
        return cls(Path(path).name, data, notes)

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
    count : int
        Candidates of each seed, at least 1.
    made : Provenance
        Model, version and settings of all of them.
    """

    seeds: Sequence[PlannedSeed]
    count: int
    made: Provenance

    def __post_init__(self) -> None:
        if not self.seeds:
            raise ValueError("a farm needs at least one seed")
        if self.count < 1:
            raise ValueError(f"count must be at least 1, not {self.count}")

    def __len__(self) -> int:
        return len(self.seeds) * self.count

    def seed(self, number: int) -> PlannedSeed:
        """What a candidate answers: the first `count` candidates the first seed, and so on."""
        return self.seeds[number // self.count]

    def made_of(self, number: int) -> Provenance:
        """What makes a candidate."""
        return replace(self.made, candidate=number, seed_hash=self.seed(number).hash)

    def file(self, number: int) -> str:
        """Name of a candidate's MIDI file."""
        return f"{Path(self.seed(number).name).stem}-{number:04d}.mid"

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain values, ready for JSON: two plans with equal ones make the same bytes."""
        made = self.made.as_dict()
        return {
            "version": made["version"],
            "model": made["model"],
            "model_hash": made["model_hash"],
            "seeds": [f"{seed.name} (SHA-256 {seed.hash[:16]})" for seed in self.seeds],
            "count": self.count,
            "avoid": made["index_hash"],
            **made["settings"],
        }
