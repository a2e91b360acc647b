"""MIDI files as arrays of notes."""

import errno
import os
import stat
import warnings
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay import _core

MidiSource: TypeAlias = str | Path | bytes
"""A MIDI file: its path, or its bytes."""

Seed: TypeAlias = MidiSource | None
"""The MIDI file that a piece answers: a path, bytes, or None for a piece from nothing."""

Notes: TypeAlias = NDArray[np.void]
"""Structured array, shape (notes,), with the fields of `NOTE`."""

NOTE: np.dtype[Any] = _core.NOTE
"""``onset_ms`` and ``duration_ms`` (int64), ``pitch`` and ``velocity`` (uint8)."""


_READ_AHEAD = 1 << 16  # bytes beyond the size of a file: it may grow, or report no size


def midi_bytes(source: MidiSource) -> bytes:
    """Return the bytes of a file, or the bytes themselves.

    Raises
    ------
    MidiError
        The file has more bytes than a MIDI file may have.
    OSError
        The file cannot be opened, or is not a regular file: a pipe may never end.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, str | Path):
        return _read_file(Path(source))
    raise TypeError(f"a MIDI file must be a path or bytes, not {type(source).__name__}")


def _read_file(path: Path) -> bytes:
    with open(path, "rb", buffering=0, opener=_open_at_once) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file; copy what it holds to one", str(path))
        size, parts = status.st_size, []
        left = _core.MAX_MIDI_BYTES + 1 if size <= _core.MAX_MIDI_BYTES else 0
        while part := file.read(min(left, size + _READ_AHEAD)):
            parts.append(part)
            left -= len(part)
    if left == 0:
        raise _too_long(path)
    return b"".join(parts)


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for somebody to write to it, which opening a pipe does."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _too_long(path: Path) -> _core.MidiError:
    error = _core.MidiError(f"{path} has more bytes than the limit at byte {_core.MAX_MIDI_BYTES}")
    error.offset = _core.MAX_MIDI_BYTES
    return error


def read_midi(source: MidiSource, *, sustain: bool = True, keep_drums: bool = False, piano_only: bool = False) -> Notes:
    """Read the notes of a Standard MIDI File [1]_ as a piano plays them.

    All tracks are merged, the sustain pedal lengthens durations, and no two notes of one pitch overlap. The rules are
    in ``docs/midi.md``.

    Parameters
    ----------
    source : path or bytes
        A file of type 0, 1 or 2.
    sustain : bool
        Let the sustain pedal (controller 64) lengthen notes.
    keep_drums : bool
        Keep the notes of channel 10.
    piano_only : bool
        Leave out notes of programs beyond the eight of General MIDI's piano family [2]_.

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

    Warns
    -----
    UserWarning
        The file is odd or damaged. Each warning says what was lost, how many, and at which byte.

    References
    ----------
    .. [1] "Standard MIDI Files 1.0", MIDI Manufacturers Association, RP-001, 1988.
    .. [2] "General MIDI System Level 1", MIDI Manufacturers Association, RP-003, 1991.
    """
    notes, found = _core.read_score(midi_bytes(source), sustain=sustain, keep_drums=keep_drums, piano_only=piano_only)
    for warning in found:
        warnings.warn(warning, stacklevel=2)
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
    return _core.resolve_overlaps(notes)


def write_midi(notes: Notes, seconds: float, *, running_status: bool = True) -> bytes:
    """Write notes as a type 0 file of one track that lasts exactly `seconds`.

    One tick is one millisecond: 500 ticks per quarter note at the default 120 quarter notes per minute.
    The file holds note events only, and one of them lies on every multiple of 30 s.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        Of dtype `NOTE`, sorted by onset, no two overlapping on one pitch.
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
    return _core.write_score(notes, round(seconds * 1000), running_status=running_status)
