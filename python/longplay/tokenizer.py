"""Notes as the events of a model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.arrays import require_integers
from longplay._base.require import require_mapping
from longplay._model.folder import core_config
from longplay.midi import Notes, require_notes


class Tokenizer:
    """Convert notes to the events of a model, and back.

    For a model of notes, an event is four ids: ``time_shift``, ``pitch``, ``velocity``, ``duration``. The tables of the
    model's config give the meaning of each id. For a model of tokens, an event is a token of its vocabulary
    (``docs/vocabularies.md``).

    Parameters
    ----------
    config : mapping
        A model's ``config.json``, as a dictionary.

    Raises
    ------
    ModelError
        The config breaks the model contract, or gives its tokens no meaning.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._core = _core.Tokenizer(core_config(dict(require_mapping("config", config))))
        self._fields = len(config["fields"])

    @property
    def end_id(self) -> int | None:
        """The time shift that means END, the end of a piece; None for tokens."""
        return self._core.end_id

    def encode(self, notes: Notes) -> NDArray[np.int32]:
        """Convert notes to events.

        With a vocabulary, each note gets the fewest tokens that strike it at the nearest tick, with the nearest
        velocity and duration.

        With fields, each value becomes the nearest value of its table. A time shift counts from the encoded onset
        before it, so errors do not add up. A rest longer than the longest shift becomes the longest shift. Notes whose
        pitch is not in the table are left out.

        Parameters
        ----------
        notes : structured array, shape (notes,)
            Of dtype `longplay.midi.NOTE`, sorted by onset.

        Returns
        -------
        int32 array, shape (events, fields)

        Raises
        ------
        ValueError
            The notes are not sorted by onset.
        """
        return self._core.encode(require_notes(notes))

    def decode(self, events: NDArray[np.int32]) -> Notes:
        """Convert events to notes; END events are skipped. Tokens may come in any order.

        Parameters
        ----------
        events : int32 array, shape (events, fields)

        Returns
        -------
        structured array, shape (notes,)
            Sorted by onset, then pitch; no two notes of one pitch and program overlap. Of dtype `NOTE`, or
            `PROGRAM_NOTE` if the vocabulary has programs.

        Raises
        ------
        ValueError
            An id is out of range.
        """
        return self._core.decode(require_integers("events", events, np.int32, self._fields))
