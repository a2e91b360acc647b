"""Music that is generated while somebody listens."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Unpack

import numpy as np

from longplay import _core
from longplay._base.cancel import Cancel, require_cancel
from longplay._base.require import require_integer
from longplay._making.planner import Planner
from longplay._making.snapshot import Kind, Snapshot
from longplay._model.opened import OpenModel
from longplay.midi import Notes, Seed, require_notes
from longplay.provenance import Provenance
from longplay.settings import SettingsArguments, settings_from

_RANGES = {"onset_ms": (0, 2**62), "duration_ms": (1, _core.MAX_MILLISECONDS), "pitch": (0, 127), "velocity": (1, 127)}
_EVENTS_AT_A_TIME = 16  # after each batch of events, Python handles Ctrl-C


class Stream(Iterator[Notes]):
    """Iterate over endless music from `Engine.stream`, which is drawn on demand.

    Each array of notes has dtype `NOTE` and at least one note. The stream returns a note when no later note can change
    it. This is when the music has passed the note's end, or when the same pitch is struck again. Over all arrays, the
    notes are sorted by onset, then pitch, and no two notes of one pitch overlap.

    The stream draws nothing between two calls, and its memory does not grow.
    """

    def __init__(self, core: _core.Stream, provenance: Provenance, cancel: Cancel | None) -> None:
        while core.prefill(cancel):
            pass
        self._core: _core.Stream | None = core
        self._provenance = provenance
        self._cancel = cancel
        self.warnings = tuple(core.warnings)

    def __next__(self) -> Notes:
        while self._core is not None:
            notes = self._core.draw(_EVENTS_AT_A_TIME, self._cancel)
            if len(notes):
                return notes
        raise StopIteration

    async def __aiter__(self) -> AsyncIterator[Notes]:
        """Draw the next notes in a thread, so that other tasks of asyncio go on."""
        while (notes := await asyncio.to_thread(next, self, None)) is not None:
            yield notes

    def close(self) -> None:
        """End the stream."""
        self._core = None

    def snapshot(self) -> bytes:
        """Return the state of the stream, for `Engine.resume`.

        Raises
        ------
        ValueError
            The stream is closed.
        """
        if self._core is None:
            raise ValueError("the stream is closed")
        return _snapshot("stream", self._core, self._provenance)


class Session:
    """Play together with the model, note by note; `Engine.session` starts a session.

    The clock of a session starts with its first note. Call `feed` and `next` in any order: the result depends on the
    settings and the sequence of calls alone. A new note on a pitch ends an earlier note that still sounds on it.
    """

    def __init__(self, core: _core.Session, provenance: Provenance, cancel: Cancel | None) -> None:
        while core.prefill(cancel):
            pass
        self._core = core
        self._provenance = provenance
        self._cancel = cancel
        self.warnings = tuple(core.warnings)

    def feed(self, notes: Notes) -> None:
        """Give the model notes that somebody played.

        The model gets the nearest values of its tables; for a rest, at most the longest time shift. The session keeps
        the exact times of the notes.

        Parameters
        ----------
        notes : structured array, shape (notes,), or one of its notes
            Of dtype `NOTE`. No onset may be before the onset of the last note, fed or drawn; equal onsets make a
            chord.

        Raises
        ------
        ValueError
            A note is out of order or range. The model has got the notes before it.
        TypeError
            `notes` is not of dtype `NOTE`.
        """
        played = np.asarray(notes).reshape(1) if isinstance(notes, np.void) else notes
        self._core.feed(require_notes(played), self._cancel)

    def next(
        self,
        *,
        onset_ms: int | None = None,
        duration_ms: int | None = None,
        pitch: int | None = None,
        velocity: int | None = None,
    ) -> Notes:
        """Draw the next note.

        The model draws the values that are not given. With a given pitch, for example, it plays a melody in its own
        time and dynamics. The order is time, pitch, velocity, duration; each depends on the values before it.

        Parameters
        ----------
        onset_ms, duration_ms, pitch, velocity : int, optional
            Given values of the note, as in `NOTE`. The model gets the nearest values of its tables, and the session
            keeps the given values.

        Returns
        -------
        structured array, shape (1,)
            Its onset is at most 3 s after the onset of the last note; the first note is at 0.

        Raises
        ------
        ValueError
            A given value is out of range, or a pitch that the model does not play. The session has not changed.
        """
        given = {"onset_ms": onset_ms, "duration_ms": duration_ms, "pitch": pitch, "velocity": velocity}
        fixed = {
            name: None if value is None else require_integer(name, value, *_RANGES[name])
            for name, value in given.items()
        }
        return self._core.next(**fixed, cancel=self._cancel)

    def snapshot(self) -> bytes:
        """Return the state of the session, for `Engine.resume_session`."""
        return _snapshot("session", self._core, self._provenance)


def _snapshot(kind: Kind, core: _core.Stream | _core.Session, provenance: Provenance) -> bytes:
    return Snapshot(kind, provenance, core.save()).to_bytes()


class LiveEngine:
    """The part of `Engine` that generates music while somebody listens."""

    _model: OpenModel
    _planner: Planner

    def stream(
        self, seed: Seed = None, *, cancel: Cancel | None = None, **settings: Unpack[SettingsArguments]
    ) -> Stream:
        """Start endless music, drawn while somebody listens: ``for notes in engine.stream(seed): ...``.

        The music is an endless recital. Its notes are those of `generate` with the same arguments, apart from the end:
        with a length of ``s`` seconds, all notes of the pieces that begin before ``s - 481.5``. Without `recital`, all
        notes before ``s - 80``.

        Parameters
        ----------
        seed, **settings
            As for `generate`, which also lists the errors.
        cancel : threading.Event, optional
            While it is set, the stream raises `Cancelled` instead of drawing. After the event is cleared, the stream
            resumes.

        Returns
        -------
        Stream
            Iterator of structured arrays of at least one note. The seed is already prefilled.
        """
        require_cancel(cancel)
        source, provenance, core_settings = self._planner.begin(seed, settings_from(settings), cancel)
        return Stream(self._model.core.stream(source, core_settings, cancel), provenance, cancel)

    def session(
        self, seed: Seed = None, *, cancel: Cancel | None = None, **settings: Unpack[SettingsArguments]
    ) -> Session:
        """Start a session: `Session.feed` gives notes to the model, and `Session.next` draws the next note.

        The model must be one of notes; the tokens of a vocabulary have no sessions.

        Parameters
        ----------
        seed, **settings
            As for `generate`, which also lists the errors. These have no effect: `recital` and `include_seed`, since
            a session is one piece; `search`, since it draws single notes; `steady`, `two_hands`, `playable` and
            `key`, since the player decides.
        cancel : threading.Event, optional
            As for `stream`.

        Returns
        -------
        Session
            The seed is already prefilled.
        """
        require_cancel(cancel)
        source, provenance, core_settings = self._planner.begin(seed, settings_from(settings), cancel)
        return Session(self._model.core.session(source, core_settings, cancel), provenance, cancel)

    def resume(self, snapshot: bytes, *, branch: int = 0, cancel: Cancel | None = None) -> Stream:
        """Resume a stream from its snapshot, to the bit.

        Parameters
        ----------
        snapshot : bytes
            From `Stream.snapshot`.
        branch : int
            Number of the continuation, as for `extend`; 0 is the stream's own.
        cancel : threading.Event, optional
            As for `stream`.

        Returns
        -------
        Stream
            Its first notes follow the last notes that the other stream returned.

        Raises
        ------
        SnapshotError
            The bytes are damaged, or are not the snapshot of a stream of this model.
        ValueError
            `branch` is out of range.
        """
        require_cancel(cancel)
        before, provenance, settings = self._planner.resume("stream", snapshot, branch)
        return Stream(self._model.core.resume_stream(before, settings), provenance, cancel)

    def resume_session(self, snapshot: bytes, *, branch: int = 0, cancel: Cancel | None = None) -> Session:
        """Resume a session from the bytes of `Session.snapshot`, to the bit; arguments and errors as for `resume`."""
        require_cancel(cancel)
        before, provenance, settings = self._planner.resume("session", snapshot, branch)
        return Session(self._model.core.resume_session(before, settings), provenance, cancel)
