"""The arena of a folder: its candidates, votes and referee."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from longplay.pages.arena.clips import find_candidates
from longplay.pages.arena.pairing import CHOOSERS
from longplay.pages.arena.referee import Referee
from longplay.pages.arena.store import DATABASE, Store


@contextmanager
def open_referee(folder: Path, chooser: str, warn: Callable[[str], None]) -> Iterator[Referee]:
    """Open a referee for the MIDI files of a folder, and close its store of votes at the end.

    Parameters
    ----------
    folder : Path
        Folder of the MIDI files and of the votes.
    chooser : str
        Key of `CHOOSERS`.
    warn : callable
        Receives one warning for each file that is skipped.

    Raises
    ------
    ValueError
        The chooser is unknown, or the folder has fewer than two candidates.
    Error
        `DATABASE` is not a database of votes.
    OSError
        The folder or the database cannot be read, or the database cannot be written.
    """
    if chooser not in CHOOSERS:
        raise ValueError(f"chooser must be {' or '.join(CHOOSERS)}, not {chooser}")
    candidates, skipped = find_candidates(folder)
    for warning in skipped:
        warn(warning)
    if len(candidates) < 2:
        raise ValueError(
            f"an arena needs at least two candidates; {folder} has {len(candidates)}. To fix this, add MIDI files to it"
        )
    store = Store(folder / DATABASE)
    try:
        yield Referee(candidates, store, clock=time.time, random=np.random.default_rng(), choose=CHOOSERS[chooser])
    finally:
        store.close()
