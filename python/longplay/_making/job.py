"""The pieces of a job, as they are finished."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from longplay import _core
from longplay._base.cancel import Cancel, check
from longplay._making.snapshot import Snapshot
from longplay.piece import Piece
from longplay.provenance import Provenance
from longplay.sketch import Sketch

Progress: TypeAlias = Callable[[float, float], None]
"""Called with seconds of music made so far and in total, a few times a second."""

OnSnapshot: TypeAlias = Callable[[int, bytes], None]
"""Called with the index of a candidate in its batch and a snapshot of the candidate."""

POLL_SECONDS = 0.02
"""Seconds between two looks at a job, in which Python handles Ctrl-C and `cancel` is checked."""


@dataclass(frozen=True)
class PieceTask:
    """A piece that a job makes.

    Attributes
    ----------
    provenance : Provenance
        Provenance of the piece when it is finished.
    source : bytes, Snapshot, Sketch or None
        The seed that the piece continues, None for a piece without a seed; the snapshot that it resumes from; or the
        sketch that it completes.
    name : str
        Name of the seed in errors; empty if there is no other task.
    """

    provenance: Provenance
    source: bytes | Snapshot | Sketch | None
    name: str = ""


def pieces(
    job: _core.Job,
    tasks: Sequence[PieceTask],
    progress: Progress | None,
    on_snapshot: OnSnapshot | None,
    cancel: Cancel | None,
    seconds_before: float = 0.0,
) -> Iterator[Piece]:
    """Yield each piece in turn as soon as it is finished, and stop the job at the end.

    Parameters
    ----------
    job : Job
    tasks : sequence of PieceTask
        The tasks of `Planner.start`.
    progress, on_snapshot, cancel : optional
        As for `Engine.generate_batch`.
    seconds_before : float
        Seconds of music that the tasks' snapshots hold.
    """
    provenances = [task.provenance for task in tasks]
    total = sum(provenance.settings_now.seconds for provenance in provenances)
    try:
        for index, provenance in enumerate(provenances):
            check(cancel)
            while not job.wait(index, POLL_SECONDS):
                check(cancel)
                if progress is not None:
                    progress(min(seconds_before + job.made_ms / 1000, total), total)
                if on_snapshot is not None:
                    _report_snapshots(job, provenances, on_snapshot)
            if progress is not None and index + 1 == len(provenances):
                progress(total, total)  # before the last piece, after which a caller may stop to listen
            yield take_piece(job, index, provenance)
    finally:
        job.stop()


def _report_snapshots(job: _core.Job, provenances: Sequence[Provenance], on_snapshot: OnSnapshot) -> None:
    for index, provenance in enumerate(provenances):
        if (update := job.snapshot(index, 0)) is not None:
            core, _, events, log_probabilities = update
            on_snapshot(index, Snapshot("piece", provenance, core, events, log_probabilities).to_bytes())


def take_piece(job: _core.Job, index: int, provenance: Provenance) -> Piece:
    """Take a finished piece out of a job; each can be taken once."""
    notes, events, log_probabilities, warnings, refusals, core = job.take(index)
    before = None
    if core is not None:
        before = Snapshot("piece", provenance, core, events[: core.events], log_probabilities[: core.events])
    duration = provenance.settings_now.milliseconds / 1000
    return Piece(notes, duration, events, log_probabilities, provenance, tuple(warnings), refusals, before)
