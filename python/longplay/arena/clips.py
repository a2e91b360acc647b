"""The MIDI files of a folder, and the clips that voters hear."""

import hashlib
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from longplay._core import Error
from longplay.midi import Notes, read_midi

CLIP_MS = 30_000
LONGEST_FILE = 4 * 2**20  # bytes; a dense hour of piano takes a fifth of one MiB
MOST_NOTES = 2_000  # in a clip; 67 a second


@dataclass(frozen=True)
class Clip:
    """Notes, with onsets from the clip's start, and its length in milliseconds."""

    notes: Notes
    length_ms: int


@dataclass(frozen=True)
class Candidate:
    """A MIDI file that takes part.

    Attributes
    ----------
    id : str
        SHA-256 of the file: another file under the same name is another candidate.
    name : str
        The file's name without its suffix.
    path : Path
        Read again when it is its turn; see `clips`.
    count : int
        How many clips it has.
    """

    id: str
    name: str
    path: Path
    count: int

    @property
    def clips(self) -> list[Clip]:
        """Its clips. Raises OSError when the file is gone or is another one by now."""
        return _clips(self.path, self.id)


def candidates(folder: Path) -> tuple[list[Candidate], list[str]]:
    """Find the MIDI files of a folder.

    Returns
    -------
    list of Candidate
        Sorted by name.
    list of str
        Why other files are left out.

    Raises
    ------
    OSError
        The folder or a file cannot be read.
    """
    found: dict[str, Candidate] = {}
    remarks = []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in {".mid", ".midi"}):
        try:
            data = _read(path)
            clips = cut(data)
        except (Error, ValueError) as error:
            remarks.append(f"{path.name}: left out, {error}")
            continue
        candidate = Candidate(hashlib.sha256(data).hexdigest(), path.stem, path, len(clips))
        if candidate.id in found:
            remarks.append(f"{path.name}: left out, it is the same file as {found[candidate.id].path.name}")
        else:
            found[candidate.id] = candidate
    return list(found.values()), remarks


def cut(data: bytes) -> list[Clip]:
    """Cut a MIDI file every 30 s, as the contest's grader cuts a file that `longplay.check` calls safe.

    A file shorter than 45 s is one clip; at the end, less than half a clip is left out. Drums sound as piano, as
    on the contest's page.

    Raises
    ------
    MidiError
        The bytes are not a MIDI file.
    ValueError
        There are no notes, or more than 2,000 in a clip.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        notes = read_midi(data, keep_drums=True)
    if not len(notes):
        raise ValueError("it has no notes")
    length = int((notes["onset_ms"] + notes["duration_ms"]).max())
    clips = []
    for start in range(0, max(1, round(length / CLIP_MS)) * CLIP_MS, CLIP_MS):
        first, end = notes["onset_ms"].searchsorted((start, start + CLIP_MS))
        here = notes[first:end].copy()
        here["onset_ms"] -= start
        if len(here) > MOST_NOTES:
            raise ValueError(f"it has {len(here)} notes in the 30 s from {start // 1000} s on, over {MOST_NOTES}")
        clips.append(Clip(here, min(length - start, CLIP_MS)))
    return clips


@lru_cache(maxsize=32)
def _clips(path: Path, id_: str) -> list[Clip]:
    data = _read(path)
    if hashlib.sha256(data).hexdigest() != id_:
        raise OSError(f"{path} has changed; start the arena again")
    return cut(data)


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LONGEST_FILE:
        raise ValueError(f"it has {size} bytes, over {LONGEST_FILE}")
    return path.read_bytes()
