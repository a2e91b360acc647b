"""Cut pieces into clips of 30 s, which an evaluation compares."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from longplay.form import CLIP_MS
from longplay.midi import Notes

FEWEST_NOTES = 8  # a clip with fewer notes is not compared


@dataclass(frozen=True)
class Music:
    """A piece or a clip of it.

    Attributes
    ----------
    notes : structured array, shape (notes,)
        The first time is 0 ms.
    length_ms : int
        Its length.
    work : str
        The work that it is, or answers. A work is never on both sides of a cross-validation.
    source : str
        Source of the work in the data.
    """

    notes: Notes
    length_ms: int
    work: str
    source: str


def excerpt(notes: Notes, start_ms: int, end_ms: int) -> Notes:
    """Return the notes that start in [start_ms, end_ms), with onsets from start_ms and unchanged durations."""
    inside = notes[(notes["onset_ms"] >= start_ms) & (notes["onset_ms"] < end_ms)].copy()
    inside["onset_ms"] -= start_ms
    return inside


def clips(music: Music, count: int, length_ms: int = CLIP_MS) -> list[Music]:
    """Return up to `count` evenly spaced clips without overlap; clips with few notes are dropped."""
    fit = music.length_ms // length_ms
    starts = np.linspace(0, max(0, music.length_ms - length_ms), min(count, fit)).round().astype(int)
    cut = [excerpt(music.notes, start, start + length_ms) for start in starts.tolist()]
    return [Music(notes, length_ms, music.work, music.source) for notes in cut if len(notes) >= FEWEST_NOTES]


def paired_clips(real: Iterable[Music], made: Iterable[Music], count: int) -> tuple[list[Music], list[Music]]:
    """Return clips of real pieces and of their answers: equally many of each pair, at most `count`."""
    both: tuple[list[Music], list[Music]] = ([], [])
    for pair in zip(real, made, strict=True):
        cut = [clips(music, count) for music in pair]
        fewest = min(map(len, cut))
        for chosen, some in zip(both, cut, strict=True):
            chosen.extend(some[i] for i in np.linspace(0, len(some) - 1, fewest).round().astype(int))
    return both
