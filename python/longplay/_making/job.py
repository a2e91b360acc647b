"""Pieces of a job, as they are done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from longplay import _core
from longplay._making.snapshot import Snapshot
from longplay.piece import Piece
from longplay.provenance import Provenance

Progress: TypeAlias = Callable[[float, float], None]
"""Called with seconds of music made so far and in all, a few times a second."""

OnSnapshot: TypeAlias = Callable[[int, bytes], None]
"""Called with a candidate's place in its batch and where it stands."""

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Task:
    """A piece that is to be made.

    Attributes
    ----------
    made : Provenance
        What will have made it.
    before : bytes, Snapshot or None
        The seed that it answers, None for a piece from nothing; or what it goes on from.
    """

    made: Provenance
    before: bytes | Snapshot | None


def pieces(
    job: _core.Job,
    tasks: Sequence[Task],
    progress: Progress | None,
    on_snapshot: OnSnapshot | None,
    before: float = 0.0,
) -> Iterator[Piece]:
    """Wait for each piece in turn. `before`: seconds of their music that there were already."""
    made = [task.made for task in tasks]
    whole = sum(provenance.settings_now.seconds for provenance in made)
    try:
        for index, provenance in enumerate(made):
            while not job.wait(index, POLL_SECONDS):  # Ctrl-C is heard between two waits
                if progress is not None:
                    progress(min(before + job.made_ms / 1000, whole), whole)
                if on_snapshot is not None:
                    _tell(job, made, on_snapshot)
            yield take_piece(job, index, provenance)
        if progress is not None:
            progress(whole, whole)
    finally:
        job.stop()


def _tell(job: _core.Job, made: Sequence[Provenance], on_snapshot: OnSnapshot) -> None:
    for index, provenance in enumerate(made):
        if (news := job.snapshot(index)) is not None:
            core, _, events, log_probabilities = news
            on_snapshot(index, Snapshot("piece", provenance, core, events, log_probabilities).to_bytes())


def take_piece(job: _core.Job, index: int, made: Provenance) -> Piece:
    """A piece that is done, once."""
    notes, events, log_probabilities, remarks, refusals, core = job.take(index)
    before = None
    if core is not None:
        before = Snapshot("piece", made, core, events[: core.events], log_probabilities[: core.events])
    duration = made.settings_now.milliseconds / 1000
    return Piece(notes, duration, events, log_probabilities, made, tuple(remarks), refusals, before)
