"""The melody of a piece, estimated from its notes."""

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay.midi import Notes, require_notes

STEP_MS = 25


def melody(notes: Notes) -> NDArray[np.uint32]:
    """Find the notes of the melody: notes that begin while no higher note sounds [1]_.

    Notes that begin within the next `STEP_MS` count as simultaneous.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        As `read_midi` gives them.

    Returns
    -------
    uint32 array, shape (melody notes,)
        Indices into `notes`, ascending.

    References
    ----------
    .. [1] Uitdenbogerd and Zobel, "Manipulation of Music for Melody Matching", ACM Multimedia 1998: "all-mono".
    """
    require_notes(notes)
    highest = _core.pitch_series(notes, "sounding", STEP_MS)
    begin = (notes["onset_ms"] + STEP_MS // 2) // STEP_MS  # step of the series
    soon = np.minimum(begin + 1, len(highest) - 1)
    return np.flatnonzero(notes["pitch"] >= np.maximum(highest[begin], highest[soon])).astype(np.uint32)
