"""Music that is generated while somebody listens."""

from collections.abc import Iterator

from longplay import _core
from longplay._making.snapshot import Kind, Snapshot
from longplay.midi import Notes
from longplay.provenance import Provenance

_EVENTS_AT_A_TIME = 16  # after each batch of events, Python handles Ctrl-C


class Stream(Iterator[Notes]):
    """Iterate over endless music from `Engine.stream`, which is drawn on demand.

    Each array of notes has dtype `NOTE` and at least one note. The stream returns a note when no later note can change
    it: when the music has passed the note's end, or when the same pitch is struck again. Over all arrays, the notes are
    sorted by onset, then pitch, and no two notes of one pitch overlap.

    The stream draws nothing between two calls, and its memory does not grow.
    """

    def __init__(self, core: _core.Stream, provenance: Provenance) -> None:
        while core.prefill():  # between two slices of the seed, Python handles Ctrl-C
            pass
        self._core: _core.Stream | None = core
        self._provenance = provenance
        self.warnings = tuple(core.warnings)

    def __next__(self) -> Notes:
        while self._core is not None:
            notes = self._core.draw(_EVENTS_AT_A_TIME)
            if len(notes):
                return notes
        raise StopIteration

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

    def __init__(self, core: _core.Session, provenance: Provenance) -> None:
        while core.prefill():
            pass
        self._core = core
        self._provenance = provenance
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
        for note in notes.reshape(-1, 1):  # between two notes, Python handles Ctrl-C
            self._core.feed(note)

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
        return self._core.next(onset_ms=onset_ms, duration_ms=duration_ms, pitch=pitch, velocity=velocity)

    def snapshot(self) -> bytes:
        """Return the state of the session, for `Engine.resume_session`."""
        return _snapshot("session", self._core, self._provenance)


def _snapshot(kind: Kind, core: _core.Stream | _core.Session, provenance: Provenance) -> bytes:
    return Snapshot(kind, provenance, core.save()).to_bytes()
