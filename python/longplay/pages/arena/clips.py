"""The MIDI files of a folder, and their clips that voters hear."""

import hashlib
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from longplay._base.text import readable
from longplay._core import Error
from longplay.form import CLIP_MS, CLIP_SECONDS
from longplay.midi import Notes, midi_bytes, read_midi

MAX_FILE_BYTES = 4 * 2**20  # a dense hour of piano takes a fifth of one MiB
MAX_NOTES = 2_000  # of a clip: 67 a second


@dataclass(frozen=True)
class Clip:
    """A clip of a candidate.

    Attributes
    ----------
    notes : structured array, shape (notes,)
        Onsets count from the start of the clip.
    length_ms : int
        Length in milliseconds.
    """

    notes: Notes
    length_ms: int


@dataclass(frozen=True)
class ArenaCandidate:
    """A MIDI file that takes part.

    Attributes
    ----------
    id : str
        SHA-256 of the file: another file of the same name is another candidate.
    name : str
        Name of the file without its suffix.
    path : Path
        Location of the file; `clips` reads it again when it is needed.
    count : int
        Number of clips.
    """

    id: str
    name: str
    path: Path
    count: int

    @property
    def clips(self) -> list[Clip]:
        """Clips of the file.

        Raises
        ------
        OSError
            The file was removed or changed.
        """
        return _clips(self.path, self.id)


def find_candidates(folder: Path) -> tuple[list[ArenaCandidate], list[str]]:
    """Find the MIDI files of a folder.

    Returns
    -------
    list of ArenaCandidate
        Sorted by name.
    list of str
        One warning for each file that was skipped.

    Raises
    ------
    OSError
        The folder or a file cannot be read.
    """
    found: dict[str, ArenaCandidate] = {}
    skipped = []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in {".mid", ".midi"}):
        try:
            data = midi_bytes(path, MAX_FILE_BYTES)
            clips = cut(data)
        except (Error, ValueError) as error:
            skipped.append(f"{path.name} was skipped: {error}")
            continue
        name = readable(path.stem)
        candidate = ArenaCandidate(hashlib.sha256(data).hexdigest(), name, path, len(clips))
        if candidate.id in found:
            skipped.append(f"{path.name} was skipped: it is the same file as {found[candidate.id].path.name}")
        else:
            found[candidate.id] = candidate
    return list(found.values()), skipped


def cut(data: bytes) -> list[Clip]:
    """Cut a MIDI file every 30 s, as the challenge's grader cuts a file that `longplay.check` calls safe.

    A file shorter than 45 s is one clip. A rest of less than half a clip at the end is dropped. Drums sound as piano,
    as on the challenge's page.

    Raises
    ------
    MidiError
        The bytes are not a MIDI file.
    ValueError
        The file has no notes, or a clip has more than 2,000 notes.
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
        inside = notes[first:end].copy()
        inside["onset_ms"] -= start
        if len(inside) > MAX_NOTES:
            raise ValueError(
                f"the {CLIP_SECONDS} s from {start // 1000} s have {len(inside)} notes, more than {MAX_NOTES}"
            )
        clips.append(Clip(inside, min(length - start, CLIP_MS)))
    return clips


@lru_cache(maxsize=32)
def _clips(path: Path, id_: str) -> list[Clip]:
    data = midi_bytes(path, MAX_FILE_BYTES)
    if hashlib.sha256(data).hexdigest() != id_:
        raise OSError(f"{path} has changed; restart the arena")
    return cut(data)
