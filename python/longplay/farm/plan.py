"""Plan of a farm: everything that determines the bytes of its pieces."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from longplay import _core
from longplay._base.require import require_integer
from longplay._base.text import readable
from longplay.midi import Notes, midi_bytes, named, parse_midi
from longplay.provenance import Provenance, SeedStyle


@dataclass(frozen=True)
class PlannedSeed:
    """A MIDI file to continue, with the bytes that it had when the farm was opened.

    `style` is `seed_style` of `Provenance`.
    """

    name: str
    data: bytes = field(repr=False)
    notes: Notes = field(repr=False, compare=False)
    style: SeedStyle | None = None

    @classmethod
    def read(cls, path: str | Path) -> "PlannedSeed":
        """Read a MIDI file; an error names it."""
        data = midi_bytes(path)
        try:
            notes, _ = parse_midi(data)  # the engine returns the warnings
        except _core.MidiError as error:
            raise named(error, str(path)) from error
        return cls(readable(Path(path).name), data, notes)

    @property
    def hash(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Plan:
    """The work of a farm.

    Attributes
    ----------
    seeds : sequence of PlannedSeed
        The files to continue.
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
        """Return the seed of a candidate: the first `count` candidates continue the first seed, and so on."""
        return self.seeds[number // self.count]

    def provenance_of(self, number: int) -> Provenance:
        """Return the provenance of a candidate."""
        seed = self.seed(number)
        return replace(self.provenance, candidate=number, seed_hash=seed.hash, seed_style=seed.style)

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
