"""Pieces of a job, as they are done."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from longplay import _core
from longplay.piece import Piece
from longplay.provenance import Provenance
from longplay.snapshot import Snapshot

Progress: TypeAlias = Callable[[float, float], None]
"""Called with seconds of music made so far and in all, a few times a second."""

OnSnapshot: TypeAlias = Callable[[int, bytes], None]
"""Called with a candidate's place in its batch and where it stands."""

_POLL_SECONDS = 0.05


def pieces(
    job: _core.Job,
    made: Sequence[Provenance],
    progress: Progress | None,
    on_snapshot: OnSnapshot | None,
    before: float = 0.0,
) -> Iterator[Piece]:
    """Wait for each piece in turn. `before`: seconds of their music that there were already."""
    whole = sum(provenance.settings_now.seconds for provenance in made)
    try:
        for index, provenance in enumerate(made):
            while not job.wait(index, _POLL_SECONDS):  # Ctrl-C is heard between two waits
                if progress is not None:
                    progress(min(before + job.made_ms / 1000, whole), whole)
                if on_snapshot is not None:
                    _tell(job, made, on_snapshot)
            yield _piece(job, index, provenance)
        if progress is not None:
            progress(whole, whole)
    finally:
        job.stop()


def _tell(job: _core.Job, made: Sequence[Provenance], on_snapshot: OnSnapshot) -> None:
    for index, provenance in enumerate(made):
        if (news := job.snapshot(index)) is not None:
            _, events, log_probabilities, *_, core = news
            on_snapshot(index, Snapshot("piece", provenance, core, events, log_probabilities).to_bytes())


def _piece(job: _core.Job, index: int, made: Provenance) -> Piece:
    notes, events, log_probabilities, remarks, refusals, core = job.take(index)
    before = None
    if core is not None:
        before = Snapshot("piece", made, core, events[: core.events], log_probabilities[: core.events])
    duration = made.settings_now.milliseconds / 1000
    return Piece(notes, duration, events, log_probabilities, made, tuple(remarks), refusals, before)
