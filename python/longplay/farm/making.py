"""Candidates being made, told of as they come on."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay._making.job import POLL_SECONDS, Task, take_piece
from longplay._making.snapshot import Snapshot
from longplay.engine import Engine
from longplay.farm.measures import Measures, measure
from longplay.midi import Notes
from longplay.originality.index import Index
from longplay.provenance import Provenance
from longplay.settings import Settings

TELL_SECONDS = 2.0  # between two snapshots of a candidate, on the clock
_KEEP_SECONDS = 60.0  # the same, of music: a second's work and more


@dataclass(frozen=True)
class Order:
    """A candidate that is to be made: a seed or, of one under way, its last snapshot."""

    number: int
    seed: bytes = field(repr=False)
    seed_notes: Notes = field(repr=False)
    snapshot: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Kept:
    """How far a candidate has come.

    Attributes
    ----------
    number : int
    made_ms : int
        Length of its music so far.
    head : bytes
        Its snapshot, without the events.
    first_event : int
        How many events came before those below.
    events, log_probabilities : int32 and float32 array, shape (events, 4)
        What was drawn since the candidate was last told of.
    """

    number: int
    made_ms: int
    head: bytes = field(repr=False)
    first_event: int
    events: NDArray[np.int32] = field(repr=False)
    log_probabilities: NDArray[np.float32] = field(repr=False)

    @property
    def drawn(self) -> int:
        """Events drawn since the candidate was last told of."""
        return len(self.events)


@dataclass(frozen=True)
class Made:
    """A piece that is done: its MIDI file, what was measured, what was odd about the seed."""

    number: int
    drawn: int
    midi: bytes = field(repr=False)
    measures: Measures
    warnings: tuple[str, ...] = ()


News: TypeAlias = list[Kept | Made]

Work: TypeAlias = Callable[[Provenance, Sequence[int], Callable[[int], Order]], Generator[News, None, None]]
"""Makes the candidates of these numbers as `Plan.made` says, in any order; asks for each one's order when it begins."""


def work(
    engine: Engine, settings: Settings, orders: Sequence[Order], avoid: Index | None = None
) -> Generator[News, None, None]:
    """Make candidates, all at once, and tell of each piece when it is done and of the others every few seconds.

    Parameters
    ----------
    engine : Engine
    settings : Settings
        Of all of them.
    orders : sequence of Order
    avoid : Index, optional
        What all of them avoid quoting.

    Yields
    ------
    list of Kept or Made

    Raises
    ------
    MidiError, SnapshotError, ValueError
        As for `Engine.generate_batch` and `Engine.extend`.
    """
    tasks = [_task(engine, settings, order, avoid) for order in orders]
    told = [len(task.before.events) if isinstance(task.before, Snapshot) else 0 for task in tasks]
    job = engine.start(tasks, _KEEP_SECONDS, avoid)
    waiting = list(range(len(tasks)))
    due = time.monotonic() + TELL_SECONDS
    try:
        while waiting:
            job.wait(waiting[0], POLL_SECONDS)  # Ctrl-C is heard between two waits
            for index in [index for index in waiting if job.wait(index, 0)]:
                waiting.remove(index)
                piece = take_piece(job, index, tasks[index].made)
                measures = measure(piece, orders[index].seed_notes)
                drawn = len(piece.events) - told[index]
                yield [Made(orders[index].number, drawn, piece.to_bytes(), measures, piece.warnings)]
            if time.monotonic() < due:
                continue
            news: News = []
            for index in waiting:
                if (standing := job.snapshot(index, told[index])) is not None:
                    core, made_ms, events, log_probabilities = standing
                    head = Snapshot("piece", tasks[index].made, core).to_bytes()
                    news.append(Kept(orders[index].number, made_ms, head, told[index], events, log_probabilities))
                    told[index] += len(events)
            yield news
            due = time.monotonic() + TELL_SECONDS
    finally:
        job.stop()


def _task(engine: Engine, settings: Settings, order: Order, avoid: Index | None) -> Task:
    if order.snapshot is not None:
        return engine.task_after(order.snapshot)
    return engine.task(order.seed, settings, order.number, avoid)
