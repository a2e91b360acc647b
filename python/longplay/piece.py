"""The results of an engine: pieces and scores."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from longplay._base.cancel import Cancel, require_cancel
from longplay._base.key import Key, named_key
from longplay._base.notebook import notes_html
from longplay._base.require import refuse_type, require_choice, require_flag, require_number, require_path, show
from longplay._making.snapshot import Snapshot
from longplay.files import write_whole
from longplay.midi import Notes, on_one_piano, write_midi
from longplay.provenance import Provenance
from longplay.sections import parse_form

if TYPE_CHECKING:
    import mido
    import pandas
    import pretty_midi
    import symusic


TARGETS = ("challenge", "daw")
"""Programs for which a piece can be written."""


def _freeze(holder: object, *names: str) -> None:
    """Replace arrays by views of them that cannot be written to."""
    for name in names:
        view = getattr(holder, name).view()
        view.flags.writeable = False
        object.__setattr__(holder, name, view)


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of music from `Engine.generate` or `Engine.extend`.

    Pieces are equal if all of these are equal; snapshots are not compared. The arrays are read-only.

    Attributes
    ----------
    notes : structured array, shape (notes,)
        ``onset_ms``, ``duration_ms``, ``pitch``, ``velocity``, sorted by onset, then pitch. If the model has programs,
        also ``program``; see `longplay.midi.PROGRAM_NOTE`.
    duration : float
        Length in seconds, exact to the millisecond.
    events : int32 array, shape (events, fields)
        The ids that the engine drew. The time shift END separates the pieces of a recital; its other ids are 0.
        Tokens of a vocabulary need no END.
    log_probabilities : float32 array, shape (events, fields)
        Natural logarithm of the probability that the model gave to each id, before temperature and filters.
    provenance : Provenance
        Record from which `Engine.regenerate` generates the piece again.
    warnings : tuple of str
        Problems of the seed.
    refusals : int
        Number of notes that the engine drew and rejected, because they would have quoted the index to avoid.
    before_ending : Snapshot, optional
        The snapshot that `snapshot` returns as bytes; None unless the piece is extendable.
    """

    notes: Notes = field(repr=False)
    duration: float
    events: NDArray[np.int32] = field(repr=False)
    log_probabilities: NDArray[np.float32] = field(repr=False)
    provenance: Provenance
    warnings: tuple[str, ...] = ()
    refusals: int = 0
    before_ending: Snapshot | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _freeze(self, "notes", "events", "log_probabilities")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        mine = (self.duration, self.provenance, self.warnings, self.refusals)
        return (
            mine == (other.duration, other.provenance, other.warnings, other.refusals)
            and np.array_equal(self.notes, other.notes)
            and np.array_equal(self.events, other.events)
            and np.array_equal(self.log_probabilities, other.log_probabilities)
        )

    def __hash__(self) -> int:
        return hash((self.duration, self.events.tobytes()))

    def _repr_html_(self) -> str:  # how a notebook shows the piece
        return notes_html(self.notes, self.duration)

    def to_bytes(self, target: str = "challenge", *, cancel: Cancel | None = None) -> bytes:
        """Return the piece as a MIDI file.

        Parameters
        ----------
        target : str
            ``"challenge"``: type 0, notes only, safe to cut (`write_midi`). ``"daw"``: type 1 for a digital audio
            workstation, with a tempo map, markers, a key signature and a track for each hand (``docs/export.md``).
        cancel : threading.Event, optional
            As for `Engine.generate`. The beats of a dense hour take five seconds.

        Raises
        ------
        Cancelled
            `cancel` is set.
        """
        require_cancel(cancel)
        if require_choice("target", target, TARGETS) == "challenge":
            return write_midi(self.notes, self.duration)
        from longplay.beats import estimate_beats
        from longplay.daw import daw_midi

        beats = estimate_beats(on_one_piano(self.notes), self.duration, cancel=cancel)
        return daw_midi(self.notes, self.duration, beats, markers=self.markers, key=self.key)

    def to_musicxml(self, title: str = "longplay", *, cancel: Cancel | None = None) -> bytes:
        """Return the piece as a score in MusicXML, quantised to estimated beats.

        music21 takes half a minute for an hour, and three times as long with `cancel`.

        Raises
        ------
        longplay.Error
            music21 is not installed, which the extra ``notation`` installs.
        Cancelled
            `cancel` is set.
        """
        from longplay.notation import musicxml

        return musicxml(self.notes, self.duration, key=self.key, title=title, cancel=cancel)

    @property
    def key(self) -> Key | None:
        """The key that the settings name; None if they name none."""
        settings = self.provenance.settings
        name = settings.scale or settings.key
        return None if name in ("seed", "free") else named_key(name)

    @property
    def markers(self) -> tuple[tuple[int, str], ...]:
        """Milliseconds and names of the places where a section of a form, or a piece of a recital, begins."""
        sketch = self.provenance.sketch
        if sketch is not None:
            sections = [] if sketch.form is None else parse_form(sketch.form)
            return tuple((1000 * one.begin, one.name) for one in sections)
        is_end = (self.events[:, 1:] == 0).all(axis=1) & (self.events[:, 0] == self.events[:, 0].max(initial=0))
        is_end &= self.events.shape[1] > 1
        if is_end.sum() + len(self.notes) != len(self.events):  # some notes are the seed's, or the events are tokens
            return ()
        starts = np.flatnonzero(is_end) - np.arange(is_end.sum())
        firsts = [0, *starts[starts < len(self.notes)].tolist()]
        return tuple(
            (int(self.notes["onset_ms"][at]), f"Piece {i + 1}") for i, at in enumerate(firsts) if len(firsts) > 1
        )

    def save(
        self, path: str | Path, *, target: str = "challenge", overwrite: bool = True, cancel: Cancel | None = None
    ) -> None:
        """Write the MIDI file for a target, as in `to_bytes`. It appears under its name only when it is complete.

        Raises
        ------
        FileExistsError
            The file exists and `overwrite` is false.
        Cancelled
            `cancel` is set. No file is written.
        """
        path, is_replaced = require_path("path", path), require_flag("overwrite", overwrite)
        write_whole(path, self.to_bytes(target, cancel=cancel), overwrite=is_replaced)

    def __getitem__(self, seconds: slice) -> Notes:
        """Return the notes that start in a span of seconds, such as ``piece[30:60]``, with their times in the span.

        A note that lasts beyond the end of the span is cut there.

        Raises
        ------
        TypeError, ValueError
            The index is not a slice of two numbers in order, or has a step.
        """
        if not isinstance(seconds, slice):
            refuse_type("seconds", "a slice", seconds)
        if seconds.step is not None:
            raise ValueError(f"seconds must be a slice without a step, not {show(seconds)}")
        begin = 0.0 if seconds.start is None else require_number("seconds", seconds.start, 0, self.duration)
        end = self.duration if seconds.stop is None else require_number("seconds", seconds.stop, begin, self.duration)
        first_ms, last_ms = round(begin * 1000), round(end * 1000)
        onsets = self.notes["onset_ms"]
        notes = self.notes[(onsets >= first_ms) & (onsets < last_ms)].copy()
        notes["onset_ms"] -= first_ms
        notes["duration_ms"] = np.minimum(notes["duration_ms"], last_ms - first_ms - notes["onset_ms"])
        return notes

    def to_mido(self) -> "mido.MidiFile":
        """Return the piece as a ``mido.MidiFile``."""
        import mido

        return mido.MidiFile(file=io.BytesIO(self.to_bytes()))

    def to_symusic(self) -> "symusic.core.ScoreTick":
        """Return the piece as a ``symusic.Score`` in ticks; a tick is a millisecond."""
        import symusic

        return cast("symusic.core.ScoreTick", symusic.Score.from_midi(self.to_bytes()))

    def to_pretty_midi(self) -> "pretty_midi.PrettyMIDI":
        """Return the piece as a ``pretty_midi.PrettyMIDI``."""
        import pretty_midi

        return pretty_midi.PrettyMIDI(io.BytesIO(self.to_bytes()))

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return the notes as a ``pandas.DataFrame``: onset and duration in seconds, pitch, velocity."""
        import pandas

        notes = self.notes
        seconds = {name: notes[f"{name}_ms"] / 1000 for name in ("onset", "duration")}
        return pandas.DataFrame({**seconds, "pitch": notes["pitch"], "velocity": notes["velocity"]})

    def to_pianoroll(self, frames_per_second: float = 50.0) -> NDArray[np.uint8]:
        """Return the velocity of each sounding key in each frame.

        Parameters
        ----------
        frames_per_second : float
            In (0, 1000].

        Returns
        -------
        uint8 array, shape (128, frames)
            0 where a key does not sound. A note sounds in at least one frame, the one in which it starts.
        """
        rate = require_number("frames_per_second", frames_per_second, 0, 1000, open_low=True)
        roll = np.zeros((128, max(1, math.ceil(self.duration * rate))), np.uint8)
        notes = self.notes
        begins = (notes["onset_ms"] * rate // 1000).astype(np.int64)
        ends = np.ceil((notes["onset_ms"] + notes["duration_ms"]) * rate / 1000).astype(np.int64)
        for pitch, velocity, begin, end in zip(notes["pitch"], notes["velocity"], begins, ends, strict=True):
            roll[pitch, begin : max(end, begin + 1)] = velocity
        return roll

    def snapshot(self) -> bytes:
        """Return the piece before its ending, for `Engine.extend`: all up to the first onset in its last 12 s.

        Raises
        ------
        ValueError
            The piece was generated without ``extendable=True``.
        """
        if self.before_ending is None:
            raise ValueError("the piece has no snapshot: generate it with extendable=True")
        return self.before_ending.to_bytes()


@dataclass(frozen=True, eq=False)
class Score:
    """How likely a model finds the notes of a file.

    Scores are equal if their log-probabilities and warnings are equal. The array is read-only.

    Attributes
    ----------
    notes : int
        Number of notes; of a model of tokens, the number of tokens.
    fields : dict of str to float
        Nats per note of each field, the mean of -log p; NaN without notes. Of a model of tokens, nats per token.
    log_probabilities : float32 array, shape (notes, fields)
        Log-probabilities of the ids of each note or token.
    warnings : tuple of str
        Problems of the file.
    """

    notes: int
    fields: dict[str, float]
    log_probabilities: NDArray[np.float32] = field(repr=False)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze(self, "log_probabilities")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Score):
            return NotImplemented
        return self.warnings == other.warnings and np.array_equal(self.log_probabilities, other.log_probabilities)

    def __hash__(self) -> int:
        return hash((self.warnings, self.log_probabilities.tobytes()))

    @classmethod
    def of(cls, names: Sequence[str], log_probabilities: NDArray[np.float32], warnings: Sequence[str]) -> "Score":
        """Return the score of notes from the log-probabilities of their fields, which have these names."""
        count = len(log_probabilities)
        means = -log_probabilities.mean(axis=0, dtype=np.float64) if count else np.full(len(names), np.nan)
        fields = {name: float(mean) for name, mean in zip(names, means, strict=True)}
        return cls(count, fields, log_probabilities, tuple(warnings))

    @property
    def total(self) -> float:
        """Nats per note over all fields; NaN without notes."""
        return sum(self.fields.values())
