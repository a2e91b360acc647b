"""Measure what a musician would notice in a piece, and compare it with real music.

Each measure is a number of one piece, or NaN where the piece is too short for it. `musical_figures` compares two sets
of pieces by their means, with standard errors over pieces.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from longplay.form import CLIP_MS
from longplay.midi import Notes
from training.evaluation import keys, measures
from training.evaluation.clips import Music

CHORD_MS = 50  # notes that start this close are struck together
HAND_NOTES = 5
HAND_SEMITONES = 12
RECALL_MS = 10_000  # a motif returns if it started this long before
MOTIF = 6  # intervals, or rhythmic steps, of a motif
STUCK_MS, STUCK_NOTES, STUCK_PITCHES = 10_000, 20, 7
FLAT_SPREAD = 1.0  # standard deviation of the velocities of a flat clip
PART_MS = 2_000
RUN = 16  # pitches


def chord_starts(onsets: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the index of the first note of each chord; a chord lasts `CHORD_MS` from its first note."""
    starts, first = [], -CHORD_MS - 1
    for index, onset in enumerate(onsets.tolist()):
        if onset > first + CHORD_MS:
            starts.append(index)
            first = onset
    return np.array(starts, np.int64)


def chords(notes: Notes) -> list[NDArray[np.int64]]:
    """Return the pitches of each chord, ascending."""
    return [np.sort(part) for part in np.split(notes["pitch"].astype(np.int64), chord_starts(notes["onset_ms"])[1:])]


def two_hands_reach(pitches: NDArray[np.integer]) -> bool:
    """Whether two hands of five fingers and an octave reach these pitches, ascending; hands do not cross."""
    left = min(int((pitches <= pitches[0] + HAND_SEMITONES).sum()), HAND_NOTES)
    right = pitches[left:]
    return len(right) == 0 or (len(right) <= HAND_NOTES and int(right[-1] - right[0]) <= HAND_SEMITONES)


def unplayable(piece: Music) -> float:
    """Return the share of the chords that two hands do not reach."""
    return 1 - float(np.mean([two_hands_reach(chord) for chord in chords(piece.notes)]))


def struck_semitones(piece: Music) -> float:
    """Return the share of semitones, their inversions and compounds among the intervals of all chords."""
    apart = [np.abs(chord[:, None] - chord)[np.triu_indices(len(chord), 1)] for chord in chords(piece.notes)]
    intervals = np.concatenate(apart)
    return float(np.isin(intervals % 12, (1, 11)).mean()) if len(intervals) else float("nan")


def silence(piece: Music) -> float:
    """Return the share of the time between the first onset and the last in which nothing sounds."""
    onsets = piece.notes["onset_ms"].astype(np.int64)
    ends = np.maximum.accumulate(onsets + piece.notes["duration_ms"])
    return float(np.maximum(onsets[1:] - ends[:-1], 0).sum() / max(1, onsets[-1] - onsets[0]))


def stuck(piece: Music) -> float:
    """Return the share of windows of 10 s with 20 notes or more that have at most 7 pitches; they begin each second."""
    count = 0
    starts = range(0, piece.length_ms - STUCK_MS + 1, 1000)
    for start in starts:
        pitches = _between(piece.notes, start, start + STUCK_MS)["pitch"]
        count += len(pitches) >= STUCK_NOTES and len(np.unique(pitches)) <= STUCK_PITCHES
    return count / len(starts) if len(starts) else float("nan")


def flat(piece: Music) -> float:
    """Return the share of clips of 30 s whose velocities have a standard deviation below 1."""
    spreads = [part["velocity"].std() for part in _parts(piece, CLIP_MS) if len(part) > 1]
    return float(np.mean(np.array(spreads) < FLAT_SPREAD)) if spreads else float("nan")


def register_spread(piece: Music) -> float:
    """Return the standard deviation of the mean pitch of 2 s, in semitones."""
    return float(np.std([part["pitch"].mean() for part in _parts(piece, PART_MS) if len(part)]))


def density_variation(piece: Music) -> float:
    """Return the standard deviation of the notes in 2 s, divided by their mean."""
    counts = np.array([len(part) for part in _parts(piece, PART_MS)])
    return float(counts.std() / counts.mean()) if counts.any() else float("nan")


def velocity_step(piece: Music) -> float:
    """Return the mean change of velocity from note to note."""
    return float(np.abs(np.diff(piece.notes["velocity"].astype(int))).mean())


def melody(notes: Notes) -> Notes:
    """Return the highest note of each chord."""
    starts = chord_starts(notes["onset_ms"])
    parts = np.split(np.arange(len(notes)), starts[1:])
    return notes[[part[np.argmax(notes["pitch"][part])] for part in parts]]


def motifs_return(piece: Music) -> float:
    """Return the share of six melodic intervals that occurred 10 s before or earlier, at any pitch."""
    line = melody(piece.notes)
    pitches: NDArray[np.int64] = line["pitch"].astype(np.int64)
    return _returns(pitches[1:] - pitches[:-1], line["onset_ms"][:-1])


def motifs_return_elsewhere(piece: Music) -> float:
    """Return the share of six melodic intervals that occurred 10 s before or earlier, and at other pitches only."""
    line = melody(piece.notes)
    pitches = line["pitch"].astype(np.int64)
    return motifs_return(piece) - _returns(pitches, line["onset_ms"], MOTIF + 1, changing=True)


def rhythms_return(piece: Music) -> float:
    """Return the share of six steps between chords that occurred 10 s before or earlier, to half a factor of two."""
    onsets = piece.notes["onset_ms"].astype(np.int64)[chord_starts(piece.notes["onset_ms"])]
    return _returns(np.rint(2 * np.log2(np.diff(onsets))).astype(np.int64), onsets[:-1])


def runs_return(piece: Music) -> float:
    """Return the share of the runs of 16 pitches that occur again."""
    return measures.repeated(piece.notes["pitch"].astype(np.int64), RUN)


def cadences_per_minute(piece: Music) -> float:
    """Return how often a second on the dominant, with its third, leads to one on the tonic, a minute.

    The key is that of the 30 s around them; the lowest note of a second is its bass.
    """
    seconds = _parts(piece, 1000)
    found = 0
    for index, (before, after) in enumerate(itertools.pairwise(seconds), start=1):
        if not (len(before) and len(after)):
            continue
        tonic = keys.tonic(_between(piece.notes, 1000 * index - CLIP_MS // 2, 1000 * index + CLIP_MS // 2))
        found += (
            int(after["pitch"].min()) % 12 == tonic
            and int(before["pitch"].min()) % 12 == (tonic + 7) % 12
            and (tonic + 11) % 12 in before["pitch"] % 12
        )
    return 60_000 * found / piece.length_ms


def out_of_key(piece: Music) -> float:
    """Return the share of the notes outside the scale that fits their 10 s best."""
    outside = [1 - measures.scale_consistency(part) for part in _parts(piece, STUCK_MS) if len(part) >= STUCK_NOTES]
    return float(np.mean(outside)) if outside else float("nan")


MEASURES: dict[str, Callable[[Music], float]] = {
    "notes_per_second": lambda piece: 1000 * len(piece.notes) / piece.length_ms,
    "sounding": lambda piece: measures.polyphony(piece.notes),
    "silence": silence,
    "unplayable": unplayable,
    "struck_semitones": struck_semitones,
    "out_of_key": out_of_key,
    "cadences_per_minute": cadences_per_minute,
    "motifs_return": motifs_return,
    "motifs_return_elsewhere": motifs_return_elsewhere,
    "rhythms_return": rhythms_return,
    "runs_return": runs_return,
    "stuck": stuck,
    "flat": flat,
    "velocity_step": velocity_step,
    "register_spread": register_spread,
    "density_variation": density_variation,
}


def musical_figures(sets: Mapping[str, Sequence[Music]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return ``mean`` and ``error``, its standard error over pieces, of every measure in every set of pieces."""
    return {
        name: {which: mean_and_error([measure(piece) for piece in pieces]) for which, pieces in sets.items()}
        for name, measure in MEASURES.items()
    }


def mean_and_error(values: Sequence[float]) -> dict[str, Any]:
    """Return the mean of the values that are not NaN, and its standard error; None if there are too few."""
    finite = np.array([value for value in values if np.isfinite(value)])
    if len(finite) == 0:
        return {"mean": None, "error": None}
    error = round(float(finite.std(ddof=1) / len(finite) ** 0.5), 4) if len(finite) > 1 else None
    return {"mean": round(float(finite.mean()), 4), "error": error}


def _returns(
    ids: NDArray[np.int64], onsets: NDArray[np.integer], length: int = MOTIF, *, changing: bool = False
) -> float:
    """Return the share of the runs of ids that started `RECALL_MS` before or earlier, without runs of one id."""
    if len(ids) < length:
        return float("nan")
    first: dict[tuple[int, ...], int] = {}
    found = count = 0
    for run, onset in zip(map(tuple, sliding_window_view(ids, length).tolist()), onsets.tolist(), strict=False):
        if len(set(run)) == 1:  # a trill of one id, or a scale, returns by chance
            continue
        count += 1
        found += onset - first.setdefault(run, onset) >= RECALL_MS
    return found / count if count else float("nan")


def _between(notes: Notes, start_ms: int, end_ms: int) -> Notes:
    first, last = np.searchsorted(notes["onset_ms"], [start_ms, end_ms])
    return notes[first:last]


def _parts(piece: Music, length_ms: int) -> list[Notes]:
    return [_between(piece.notes, at, at + length_ms) for at in range(0, piece.length_ms - length_ms + 1, length_ms)]
