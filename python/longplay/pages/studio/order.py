"""What the page asks for: a call of the engine with notes and settings, checked before any work begins."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from longplay._base.arrays import require_integers
from longplay._base.cancel import Cancel
from longplay._base.require import require_choice, require_integer, require_list, require_mapping, require_number, show
from longplay.engine import Engine, Progress
from longplay.midi import NOTE, Notes, on_one_piano, resolve_overlaps
from longplay.pages.studio.preview import Preview, preview_seconds
from longplay.piece import Piece
from longplay.settings import DECLARATIONS, NO_SKETCH_SETTINGS

LONGEST_SECONDS = 3600  # of a piece
MOST_CANDIDATES = 4  # of an order
MOST_NOTES = 60_000  # a dense hour has 40,000
MOST_BYTES = 4 * 2**20  # of a request; a dense hour takes 1 MiB
MOST_PARTICLES = 128  # whose states take 350 MB with the largest built-in model
MOST_SEARCH = 16  # of each candidate; 4 candidates take 450 MB with this model

MOST: Mapping[str, int] = {
    "seconds": LONGEST_SECONDS,
    "particles": MOST_PARTICLES,
    "search": MOST_SEARCH,
    "random_seed": 2**53 - MOST_CANDIDATES,  # JavaScript has no larger integers
}
"""Greatest values of settings in the studio, below those of `Settings`."""

CALLS: Mapping[str, tuple[str, ...]] = {
    "generate": (),
    "continue": (),
    "accompany": ("particles", "density"),
    "perform": ("particles", "slack"),
    "infill": ("particles",),
    "vary": ("particles", "keep"),
}
"""The calls of the page, and which options of `SketchOptions` each takes."""

_SKETCH_SETTINGS = [name for name in DECLARATIONS if name not in NO_SKETCH_SETTINGS]
_RANGES = {"onset_ms": (0, LONGEST_SECONDS * 1000), "duration_ms": (1, LONGEST_SECONDS * 1000)}
_RANGES |= {"pitch": (0, 127), "velocity": (1, 127)}

Emit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Order:
    """An order of the page.

    Attributes
    ----------
    call : str
        Key of `CALLS`. ``"continue"`` keeps the notes that start before `start`, and generates the rest.
    notes : structured array, shape (notes,)
        The seed, the melody, the score or the piece; may be empty for ``"generate"``.
    count : int
        Number of candidates, in [1, 4].
    start, end : float
        Span of ``"infill"`` and ``"vary"`` in seconds; of ``"continue"`` only `start` counts.
    settings : mapping
        Settings and sketch options. Those that the call does not take are left out.
    """

    call: str
    notes: Notes
    count: int = 1
    start: float = 0.0
    end: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Order":
        """Read the order in a JSON object.

        Raises
        ------
        TypeError, ValueError
            An entry is missing, unknown or out of range; the message names it.
        """
        if strangers := body.keys() - {"call", "model", "notes", "count", "start", "end", "settings"}:
            raise ValueError(f"an order must not have the entry {show(min(strangers))}")
        call = require_choice("call", body.get("call"), tuple(CALLS))
        given = require_mapping("settings", body.get("settings", {}))
        taken = DECLARATIONS if call in ("generate", "continue") else (*_SKETCH_SETTINGS, *CALLS[call])
        settings = {name: value for name, value in given.items() if name in taken}
        for name, most in MOST.items():
            require_number(name, settings.get(name, 1), 0, most)
        order = cls(
            call=call,
            notes=read_notes(body.get("notes", [])),
            count=require_integer("count", body.get("count", 1), 1, MOST_CANDIDATES),
            start=require_number("start", body.get("start", 0), 0, LONGEST_SECONDS),
            end=require_number("end", body.get("end", 0), 0, LONGEST_SECONDS),
            settings=settings,
        )
        if call != "generate" and not len(order.notes):
            raise ValueError("there are no notes. To fix this, choose a file or play some")
        return order

    def fill(self, engine: Engine, emit: Emit, cancel: Cancel) -> None:
        """Run the call; emit each candidate when it is finished, and what there is of it before.

        Raises
        ------
        Error, TypeError, ValueError
            As for the calls of `Engine`.
        """
        if self.call in ("generate", "continue"):
            made = self._generate(engine, emit, cancel)
        else:
            made = self._complete(engine, emit, cancel)
        for candidate, piece in enumerate(made):
            emit({"candidate": candidate, "piece": as_values(piece)})

    def _generate(self, engine: Engine, emit: Emit, cancel: Cancel) -> Iterator[Piece]:
        seed, settings = self.notes, dict(self.settings)
        if self.call == "continue":
            seed = seed[seed["onset_ms"] < round(self.start * 1000)]
            if not len(seed):
                raise ValueError("no notes are before this point. To fix this, choose a later time")
            settings |= {"include_seed": True, "recital": False}
        preview = Preview(engine, lambda candidate, notes: emit({"candidate": candidate, "notes": notes.tolist()}))
        seeds = [seed if len(seed) else None] * self.count
        options: dict[str, Any] = {"on_snapshot": preview.read, "snapshot_seconds": preview_seconds(self.settings)}
        return engine.generate_batch(seeds, progress=_progress(emit), cancel=cancel, **options, **settings)

    def _complete(self, engine: Engine, emit: Emit, cancel: Cancel) -> Iterator[Piece]:
        span = (self.start, self.end) if self.call in ("infill", "vary") else ()
        first = self.settings.get("random_seed", 0)
        for number in range(self.count):
            common = {"progress": _progress(emit, number, self.count), "cancel": cancel}
            settings = {**self.settings, "random_seed": first + number}
            yield getattr(engine, self.call)(self.notes, *span, **common, **settings)


def _progress(emit: Emit, before: int = 0, count: int = 1) -> Progress:
    """Return a callback that emits the share that is made of `count` pieces, of which some are finished before."""
    return lambda done, total: emit({"progress": round((before + done / total) / count, 2)})


def read_notes(rows: Any) -> Notes:
    """Return the notes in rows of onset in milliseconds, duration in milliseconds, pitch and velocity.

    Raises
    ------
    TypeError, ValueError
        The rows are not notes, or too many.
    """
    values: list[Any] = require_list("notes", rows)
    if len(values) > MOST_NOTES:
        raise ValueError(f"notes must be at most {MOST_NOTES}, not {len(values)}")
    table = require_integers("notes", values or np.empty((0, len(_RANGES)), int), np.int64, len(_RANGES))
    notes = np.empty(len(values), NOTE)
    for column, (name, (low, high)) in enumerate(_RANGES.items()):
        if ((table[:, column] < low) | (table[:, column] > high)).any():
            raise ValueError(f"{name} of a note must be in [{low}, {high}]")
        notes[name] = table[:, column]
    return resolve_overlaps(notes)


def as_values(piece: Piece) -> dict[str, Any]:
    """Return a piece as values for JSON, with the entries of the file that `longplay generate` writes."""
    record = {"seconds": piece.duration, "notes": len(piece.notes), "provenance": piece.provenance.as_dict()}
    return {"notes": on_one_piano(piece.notes).tolist(), "warnings": piece.warnings, "record": record}
