"""Music that is made while it is listened to."""

from collections.abc import Iterator

from longplay import _core
from longplay._making.snapshot import Kind, Snapshot
from longplay.midi import Notes
from longplay.provenance import Provenance

_EVENTS_AT_A_TIME = 16  # between two of which Ctrl-C is heard


class Stream(Iterator[Notes]):
    """Music without end, made by `Engine.stream` and drawn as it is asked for.

    Each array of notes is structured as `NOTE` and has at least one note. A note is handed out once nothing that
    comes later can change it: when the music has gone on past its end, or its pitch is struck again. Over all arrays
    the notes are by onset, then pitch, and no two sound at once on one pitch.

    Nothing is made between two calls. A stream needs the same memory however long it has been running.
    """

    def __init__(self, core: _core.Stream, provenance: Provenance) -> None:
        while core.prefill():  # Ctrl-C is heard between two slices of the seed
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
        """Where the stream stands, for `Engine.resume`.

        Raises
        ------
        ValueError
            The stream is closed.
        """
        if self._core is None:
            raise ValueError("the stream is closed")
        return _snapshot("stream", self._core, self._provenance)


class Session:
    """Music made note by note together with somebody who plays, made by `Engine.session`.

    The session's clock starts with its first note. `feed` and `next` come in any order; what comes out depends on the
    settings and the sequence of calls alone. A note may be struck while another one sounds on its pitch, and ends it.
    """

    def __init__(self, core: _core.Session, provenance: Provenance) -> None:
        while core.prefill():
            pass
        self._core = core
        self._provenance = provenance
        self.warnings = tuple(core.warnings)

    def feed(self, notes: Notes) -> None:
        """Let the model hear what was played.

        Its tables round what it hears: a rest is heard as at most the longest time shift. The session keeps the
        time of the notes as they were played.

        Parameters
        ----------
        notes : structured array, shape (notes,), or one of its notes
            Of dtype `NOTE`. No onset is before that of the last note, fed or drawn; a chord's may be equal.

        Raises
        ------
        ValueError
            A note is out of order or range; those before it have been heard.
        TypeError
            `notes` is not of dtype `NOTE`.
        """
        for note in notes.reshape(-1, 1):  # Ctrl-C is heard between two
            self._core.feed(note)

    def next(
        self,
        *,
        onset_ms: int | None = None,
        duration_ms: int | None = None,
        pitch: int | None = None,
        velocity: int | None = None,
    ) -> Notes:
        """Draw the note that comes after all that were fed and drawn.

        Whatever of it is given is not drawn: with its pitch, say, the model plays a melody in its own time and
        dynamics. Time is drawn first, then pitch, velocity and duration; each knows what was drawn or given before it.

        Parameters
        ----------
        onset_ms, duration_ms, pitch, velocity : int, optional
            Of the note, as in `NOTE`. The model hears its tables' nearest; the session keeps what is given.

        Returns
        -------
        structured array, shape (1,)
            Its onset is at most 3 s after that of the last note; the first note of all is at 0.

        Raises
        ------
        ValueError
            What is given is out of range, or a pitch that the model does not play; nothing has been drawn.
        """
        return self._core.next(onset_ms=onset_ms, duration_ms=duration_ms, pitch=pitch, velocity=velocity)

    def snapshot(self) -> bytes:
        """Where the session stands, for `Engine.resume_session`."""
        return _snapshot("session", self._core, self._provenance)


def _snapshot(kind: Kind, core: _core.Stream | _core.Session, provenance: Provenance) -> bytes:
    return Snapshot(kind, provenance, core.save()).to_bytes()
