"""Notes as the events that a model sees."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._model.folder import core_config
from longplay.midi import Notes


class Tokenizer:
    """Turns notes into a model's note events and back.

    An event is four ids: ``time_shift``, ``pitch``, ``velocity``, ``duration``. What an id means is said by
    the tables of the model's config.

    Parameters
    ----------
    config : mapping
        A model's ``config.json``, as a dictionary.

    Raises
    ------
    ModelError
        The config breaks the model contract, or its events are not notes.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._core = _core.Tokenizer(core_config(dict(config)))

    @property
    def end_id(self) -> int:
        """The time shift that means END: the piece is over."""
        return self._core.end_id

    def encode(self, notes: Notes) -> NDArray[np.int32]:
        """Events of notes.

        Each value becomes the nearest one of its table. A time shift counts from the onset as it was encoded,
        so that errors do not add up; a rest longer than the longest shift is shortened to it. Notes whose pitch
        the table lacks are left out.

        Parameters
        ----------
        notes : structured array, shape (notes,)
            Of dtype `longplay.midi.NOTE`, sorted by onset.

        Returns
        -------
        int32 array, shape (events, 4)

        Raises
        ------
        ValueError
            A note comes before the one before it.
        """
        return self._core.encode(notes)

    def decode(self, events: NDArray[np.int32]) -> Notes:
        """Notes of any sequence of events; an END is passed over.

        Parameters
        ----------
        events : int32 array, shape (events, 4)

        Returns
        -------
        structured array, shape (notes,)
            Sorted by onset, then pitch; no two overlap on one pitch.

        Raises
        ------
        ValueError
            An id is out of range.
        """
        return self._core.decode(events)
