"""Measure windows of five minutes by five numbers, and find loops and silences."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from longplay.form import LONGEST_LOOP, SHORTEST_LOOP
from longplay.midi import Notes

WINDOW_MS = 300_000
FEATURES = ("notes_per_second", "mean_pitch", "distinct_pitches", "velocity_spread", "pitch_class_entropy")


def windows(notes: Notes, length_ms: int, shortest_ms: int = WINDOW_MS) -> Iterator[tuple[Notes, float]]:
    """Yield consecutive windows of five minutes and their seconds; the last may be shorter, down to `shortest_ms`."""
    for start in range(0, length_ms, WINDOW_MS):
        end = min(start + WINDOW_MS, length_ms)
        inside = notes[(notes["onset_ms"] >= start) & (notes["onset_ms"] < end)]
        if end - start >= shortest_ms and len(inside) > 0:
            yield inside, (end - start) / 1000


def features(notes: Notes, seconds: float) -> NDArray[np.float64]:
    """Return the `FEATURES` of a window; velocity spread is a standard deviation, entropy is in bits."""
    classes = np.bincount(notes["pitch"] % 12, minlength=12) / len(notes)
    classes = classes[classes > 0]
    return np.array(
        [
            len(notes) / seconds,
            notes["pitch"].mean(),
            len(np.unique(notes["pitch"])),
            notes["velocity"].std(),
            -(classes * np.log2(classes)).sum(),
        ]
    )


def loops(pitches: NDArray[np.integer], shortest: int = SHORTEST_LOOP, longest: int = LONGEST_LOOP) -> int:
    """Count the notes that complete a run of `shortest` or more pitches played three times in succession."""
    count = 0
    for period in range(shortest, min(longest, len(pitches) // 3) + 1):
        same = np.concatenate([[0], (pitches[period:] == pitches[:-period]).astype(np.int64)])
        total = np.cumsum(same)
        in_a_row = total[2 * period :] - total[: -2 * period]
        count += int((in_a_row == 2 * period).sum())
    return count


def longest_silence_ms(notes: Notes) -> int:
    """Return the longest silence between the first note and the last."""
    ends = np.maximum.accumulate(notes["onset_ms"] + notes["duration_ms"])
    return int(np.max(notes["onset_ms"][1:] - ends[:-1], initial=0))
