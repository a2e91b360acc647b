"""MIDI files as arrays of notes."""

import warnings
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.cancel import Cancel, require_cancel
from longplay._base.objects import midi_of
from longplay._base.require import refuse_type, require_flag, require_number, shorten
from longplay.files import read_regular

MidiSource: TypeAlias = object
"""A MIDI file: its path, its bytes, an open file, an array of notes, a piece, or an object of another library.

Known objects are ``mido.MidiFile``, ``symusic.Score``, ``pretty_midi.PrettyMIDI`` and streams of music21. None of these
libraries is imported.
"""

Seed: TypeAlias = MidiSource | None
"""The MIDI file that a piece continues, or None for a piece without a seed."""

Notes: TypeAlias = NDArray[np.void]
"""Structured array, shape (notes,), with the fields of `NOTE`, or of `PROGRAM_NOTE` if there are instruments."""

NOTE: np.dtype[Any] = _core.NOTE
"""``onset_ms`` and ``duration_ms`` (int64), ``pitch`` and ``velocity`` (uint8)."""

PROGRAM_NOTE: np.dtype[Any] = _core.PROGRAM_NOTE
"""`NOTE` and ``program`` (uint8): a program of General MIDI, counted from 0, or `DRUMS`."""

DRUMS: int = _core.DRUMS
"""The ``program`` of drums."""


def midi_bytes(source: MidiSource, most: int = _core.MAX_MIDI_BYTES, *, name: str = "source") -> bytes:
    """Return the bytes of a source, which `name` names in refusals.

    Raises
    ------
    MidiError
        The file has more than `most` bytes.
    OSError
        The file cannot be opened, or is not a regular file: a pipe may never end.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, np.ndarray):
        notes = _core.resolve_overlaps(require_notes(source, name))
        ends = notes["onset_ms"] + notes["duration_ms"]
        return write_midi(notes, int(ends.max(initial=0)) / 1000 + 1)
    if not isinstance(source, str | PathLike):
        return midi_of(source, name) or refuse_type(name, "a MIDI file", source)
    data = read_regular(Path(source), most)
    if data is None:
        error = _core.MidiError(f"the file has more than {most} bytes")
        error.offset = most
        raise error
    return data


def named(error: Exception, name: str) -> Exception:
    """Return the error about one of several files with the name of the file."""
    found = type(error)(f"{name}: {error}" if name else str(error))
    if isinstance(error, _core.MidiError):
        found.offset = error.offset  # type: ignore[attr-defined]
    return found


def read_midi(
    source: MidiSource,
    *,
    sustain: bool = True,
    keep_drums: bool = False,
    piano_only: bool = False,
    cancel: Cancel | None = None,
) -> Notes:
    """Read the notes of a Standard MIDI File [1]_ as a piano plays them.

    All tracks are merged, the sustain pedal lengthens durations, and no two notes of one pitch overlap. The rules are
    in ``docs/midi.md``.

    Parameters
    ----------
    source : MidiSource
        A file of type 0, 1 or 2.
    sustain : bool
        Let the sustain pedal (controller 64) lengthen notes.
    keep_drums : bool
        Keep the notes of channel 10.
    piano_only : bool
        Leave out notes of programs beyond the eight of General MIDI's piano family [2]_.
    cancel : threading.Event, optional
        As for `Engine.generate`.

    Returns
    -------
    structured array, shape (notes,)
        ``onset_ms``, ``duration_ms``, ``pitch``, ``velocity``, sorted by onset, then pitch. Times are in
        milliseconds from the start of the file.

    Raises
    ------
    MidiError
        The bytes have no MIDI header that can be read, or go past a limit; its ``offset`` says where.
    OSError
        The file cannot be opened, or is not a regular file.
    Cancelled
        `cancel` is set.

    Warns
    -----
    UserWarning
        The file is odd or damaged. Each warning names the loss, its number and the byte of the first.

    References
    ----------
    .. [1] "Standard MIDI Files 1.0", MIDI Manufacturers Association, RP-001, 1988.
    .. [2] "General MIDI System Level 1", MIDI Manufacturers Association, RP-003, 1991.
    """
    notes, found = parse_midi(source, sustain=sustain, keep_drums=keep_drums, piano_only=piano_only, cancel=cancel)
    for warning in found:
        warnings.warn(warning, stacklevel=2)
    return notes


def parse_midi(
    source: MidiSource,
    *,
    sustain: bool = True,
    keep_drums: bool = False,
    piano_only: bool = False,
    name: str = "source",
    cancel: Cancel | None = None,
) -> tuple[Notes, list[str]]:
    """Read notes as `read_midi` does, and return the warnings instead of issuing them."""
    options = {"sustain": sustain, "keep_drums": keep_drums, "piano_only": piano_only}
    flags = {option: require_flag(option, value) for option, value in options.items()}
    require_cancel(cancel)
    return _core.read_score(midi_bytes(source, name=name), cancel=cancel, **flags)


def require_notes(notes: Notes, name: str = "notes") -> Notes:
    """Return an array of notes; refuse anything else."""
    if not isinstance(notes, np.ndarray):
        refuse_type(name, "an array of dtype NOTE", notes)
    expected = PROGRAM_NOTE if "program" in (notes.dtype.names or ()) else NOTE
    if notes.dtype.names != expected.names or any(notes.dtype[one] != expected[one] for one in expected.names or ()):
        raise TypeError(f"{name} must have dtype {NOTE}, not {shorten(str(notes.dtype))}")
    if notes.ndim != 1:
        raise ValueError(f"{name} must have shape (notes,), not {notes.shape}")
    return notes


def resolve_overlaps(notes: Notes) -> Notes:
    """Make notes playable on one keyboard.

    The notes are sorted by onset, then pitch. If two notes of one pitch overlap, the earlier ends where the later
    starts. If they start together, one note is kept, with the longest duration and the highest velocity.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        Of dtype `NOTE`, in any order.

    Returns
    -------
    structured array, shape (notes,)
    """
    return _core.resolve_overlaps(require_notes(notes))


def on_one_piano(notes: Notes) -> Notes:
    """Return notes of any programs as those of one piano, without drums.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        Of dtype `NOTE` or `PROGRAM_NOTE`.

    Returns
    -------
    structured array, shape (notes,)
        Of dtype `NOTE`; no two notes of one pitch overlap.
    """
    if require_notes(notes).dtype.names == NOTE.names:
        return notes
    melodic = notes[notes["program"] != DRUMS]
    merged = np.empty(len(melodic), NOTE)
    for name in NOTE.names or ():
        merged[name] = melodic[name]
    return _core.resolve_overlaps(merged)


def write_midi(notes: Notes, seconds: float, *, running_status: bool = True) -> bytes:
    """Write notes as a type 0 file of one track that lasts exactly `seconds`.

    One tick is one millisecond: 500 ticks per quarter note at the default 120 quarter notes per minute.
    The file holds note events only, and one of them lies on every multiple of 30 s. Notes of several programs are on
    channels of their own, drums on channel 10; see ``docs/vocabularies.md``.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        Of dtype `NOTE` or `PROGRAM_NOTE`, sorted by onset, no two of one program overlapping on one pitch.
    seconds : float
        Length of the file, to the millisecond.
    running_status : bool
        Leave out repeated status bytes, which makes the file a third smaller.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        A note is out of order or range, overlaps another note of its pitch, or does not end before the end
        of the file; the message says which.
    """
    length_ms = round(require_number("seconds", seconds, 0.001, _core.MAX_MILLISECONDS // 1000) * 1000)
    flag = require_flag("running_status", running_status)
    return _core.write_score(require_notes(notes), length_ms, running_status=flag, clip_ms=_core.CLIP_MS)
