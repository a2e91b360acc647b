"""Work of a farm: pieces in progress, reported as they advance."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay._making.job import POLL_SECONDS, PieceTask, take_piece
from longplay._making.planner import Planner
from longplay._making.snapshot import Snapshot
from longplay.engine import Engine, planner_of
from longplay.farm.measures import Measures, measure
from longplay.midi import Notes
from longplay.originality.index import Index
from longplay.provenance import Provenance
from longplay.settings import Settings

REPORT_SECONDS = 2.0
"""Seconds on the clock between two checkpoints of a candidate."""

_SNAPSHOT_SECONDS = 60.0  # seconds of music between two snapshots: the work of a second and more


@dataclass(frozen=True)
class WorkItem:
    """A candidate to make: its seed and, if it is in progress, its last snapshot."""

    number: int
    seed: bytes = field(repr=False)
    seed_notes: Notes = field(repr=False)
    snapshot: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Checkpoint:
    """The progress of a candidate, from which it can resume.

    Attributes
    ----------
    number : int
        Number of the candidate.
    made_ms : int
        Length of its music so far.
    head : bytes
        Its snapshot, without the events.
    first_event : int
        Index of the first of the events below.
    events, log_probabilities : int32 and float32 array, shape (events, 4)
        Drawn since the last checkpoint of the candidate.
    """

    number: int
    made_ms: int
    head: bytes = field(repr=False)
    first_event: int
    events: NDArray[np.int32] = field(repr=False)
    log_probabilities: NDArray[np.float32] = field(repr=False)

    @property
    def drawn(self) -> int:
        """Number of events drawn since the last checkpoint of the candidate."""
        return len(self.events)


@dataclass(frozen=True)
class Finished:
    """A finished candidate: its MIDI file, its measures, and the warnings about its seed."""

    number: int
    drawn: int
    midi: bytes = field(repr=False)
    measures: Measures
    warnings: tuple[str, ...] = ()


Update: TypeAlias = list[Checkpoint | Finished]
"""The checkpoints and finished candidates of one report of a worker."""

Worker: TypeAlias = Callable[[Provenance, Sequence[int], Callable[[int], WorkItem]], Generator[Update, None, None]]
"""Makes the candidates of these numbers with `Plan.provenance`, in any order.

The worker asks for the work item of a candidate when it begins the candidate. It yields many times a second, an empty
update if nothing is to be reported: the farm looks at `cancel` then.
"""


def work(
    engine: Engine, settings: Settings, items: Sequence[WorkItem], avoid: Index | None = None
) -> Generator[Update, None, None]:
    """Make candidates, all at once, and report the finished ones at once and the others every few seconds.

    Parameters
    ----------
    engine : Engine
    settings : Settings
        Settings of all candidates.
    items : sequence of WorkItem
    avoid : Index, optional
        The index that all candidates avoid.

    Yields
    ------
    list of Checkpoint or Finished
        Many times a second; empty if nothing is to be reported.

    Raises
    ------
    MidiError, SnapshotError, ValueError
        As for `Engine.generate_batch` and `Engine.extend`.
    """
    planner = planner_of(engine)
    tasks = [_task(planner, settings, item, avoid) for item in items]
    reported = [len(task.source.events) if isinstance(task.source, Snapshot) else 0 for task in tasks]
    job = planner.start(tasks, _SNAPSHOT_SECONDS, avoid)
    waiting = list(range(len(tasks)))
    due = time.monotonic() + REPORT_SECONDS
    try:
        while waiting:
            job.wait(waiting[0], POLL_SECONDS)
            for index in [index for index in waiting if job.wait(index, 0)]:
                waiting.remove(index)
                piece = take_piece(job, index, tasks[index].provenance)
                measures = measure(piece, items[index].seed_notes)
                drawn = len(piece.events) - reported[index]
                yield [Finished(items[index].number, drawn, piece.to_bytes(), measures, piece.warnings)]
            if time.monotonic() < due:
                yield []
                continue
            update: Update = []
            for index in waiting:
                if (advanced := job.snapshot(index, reported[index])) is not None:
                    core, made_ms, events, log_probabilities = advanced
                    head = Snapshot("piece", tasks[index].provenance, core).to_bytes()
                    number = items[index].number
                    update.append(Checkpoint(number, made_ms, head, reported[index], events, log_probabilities))
                    reported[index] += len(events)
            yield update
            due = time.monotonic() + REPORT_SECONDS
    finally:
        job.stop()


def _task(planner: Planner, settings: Settings, item: WorkItem, avoid: Index | None) -> PieceTask:
    if item.snapshot is not None:
        return planner.resume_task(item.snapshot)
    return planner.generate_task(item.seed, settings, item.number, avoid)
