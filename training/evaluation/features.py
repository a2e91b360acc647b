"""Compute the input of the classifiers: about a hundred features of a clip, none of which depends on the key.

The bins of a distribution are named after their lower edges.
"""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay.midi import Notes
from training.evaluation import measures
from training.evaluation.clips import Music

CHORD_MS = 30  # onsets this close count as one chord
PART_MS = 5_000
INTERVAL_EDGES = np.array([0, 1, 2, 3, 5, 8, 12, 13, 25, np.inf])


def matrix(clips: list[Music]) -> tuple[NDArray[np.float64], list[str]]:
    """Return the features of clips, shape (clips, features), and their names."""
    rows = [features(clip) for clip in clips]
    return np.array([list(row.values()) for row in rows]), list(rows[0])


def features(clip: Music) -> dict[str, float]:
    """Return the features of one clip by name, with NaN where a feature is undefined."""
    parts = (_numbers, _rhythm, _touch, _pitches, _chords, _form)
    return functools.reduce(lambda all_, part: all_ | part(clip.notes, clip.length_ms), parts, {})


def _numbers(notes: Notes, length_ms: int) -> dict[str, float]:
    return {name: number(notes, length_ms / 1000) for name, number in measures.NUMBERS.items()}


def _rhythm(notes: Notes, length_ms: int) -> dict[str, float]:
    gaps = np.diff(notes["onset_ms"])
    steps = np.log(np.maximum(1, np.diff(_chord_onsets(notes))))
    values = _histogram("gap", measures.distributions(notes)["inter_onset_ms"], measures.ONSET_EDGES_MS)
    values |= {"gap_equal": _mean(gaps[1:] == gaps[:-1]), "step_spread": _spread(steps)}
    values["onsets_per_second"] = 1000 * (len(steps) + 1) / length_ms
    values |= {f"step_after_{lag}": _correlation(steps[lag:], steps[:-lag]) for lag in (1, 2, 3, 4, 8)}
    bins = np.searchsorted(measures.ONSET_EDGES_MS, gaps, side="right")
    return values | {"gap_repeated_4": measures.repeated(bins, 4), "gap_distinct": _distinct(gaps)}


def _touch(notes: Notes, length_ms: int) -> dict[str, float]:
    velocity, duration = notes["velocity"].astype(float), notes["duration_ms"].astype(float)
    parts = measures.distributions(notes)
    low, middle, high = np.percentile(velocity, [5, 50, 95])
    gaps = np.diff(notes["onset_ms"]).astype(float)
    return {
        **_histogram("duration", parts["duration_ms"], measures.DURATION_EDGES_MS),
        "velocity_low": low,
        "velocity_middle": middle,
        "velocity_high": high,
        "velocity_spread": _spread(velocity),
        "velocity_step": _mean(np.abs(np.diff(velocity))),
        "velocity_same": _mean(np.diff(velocity) == 0),
        "velocity_distinct": _distinct(notes["velocity"]),
        "velocity_after_1": _correlation(velocity[1:], velocity[:-1]),
        "velocity_by_pitch": _correlation(velocity, notes["pitch"].astype(float)),
        "duration_by_pitch": _correlation(np.log(duration), notes["pitch"].astype(float)),
        "duration_by_velocity": _correlation(np.log(duration), velocity),
        "duration_distinct": _distinct(notes["duration_ms"]),
        "duration_after_1": _correlation(np.log(duration[1:]), np.log(duration[:-1])),
        "held_over": _mean(duration[:-1] > gaps),
        "released_together": _distinct(notes["onset_ms"] + notes["duration_ms"]),
    }


def _pitches(notes: Notes, length_ms: int) -> dict[str, float]:
    pitch = notes["pitch"].astype(int)
    classes = np.bincount(pitch % 12, minlength=12) / len(pitch)
    melody = _outer(notes, np.maximum)
    bass = _outer(notes, np.minimum)
    return {
        "pitch_mean": float(pitch.mean()),
        "pitch_spread": _spread(pitch),
        "pitch_lowest": float(pitch.min()),
        "pitch_highest": float(pitch.max()),
        "pitch_distinct": float(len(np.unique(pitch))),
        **{f"class_{i}": float(part) for i, part in enumerate(np.sort(classes)[::-1])},
        **_intervals("leap", np.diff(pitch)),
        **_intervals("melody", np.diff(melody)),
        **_intervals("bass", np.diff(bass)),
        "melody_repeated_4": measures.repeated(melody, 4),
        "bass_repeated_4": measures.repeated(bass, 4),
        "melody_turns": _mean(np.diff(np.sign(np.diff(melody))) != 0),
    }


def _chords(notes: Notes, length_ms: int) -> dict[str, float]:
    sizes = np.bincount(_chord_of(notes))
    together = np.diff(notes["pitch"].astype(int))[np.diff(_chord_of(notes)) == 0]
    above = np.bincount(np.abs(together) % 12, minlength=12) / max(1, len(together))
    values = {f"chord_of_{size}": _mean(sizes == size) for size in (1, 2, 3, 4)}
    return values | {f"together_{interval}": float(part) for interval, part in enumerate(above)}


def _form(notes: Notes, length_ms: int) -> dict[str, float]:
    part = notes["onset_ms"] // PART_MS
    count = np.bincount(part, minlength=length_ms // PART_MS)
    loud = np.bincount(part, notes["velocity"], minlength=len(count))[count > 0] / count[count > 0]
    high = np.bincount(part, notes["pitch"], minlength=len(count))[count > 0] / count[count > 0]
    return {
        "density_changes": _spread(np.log1p(count)),
        "loudness_changes": _spread(loud),
        "register_changes": _spread(high),
        "longest_gap": float(np.diff(notes["onset_ms"]).max(initial=0)),
    }


def _chord_of(notes: Notes) -> NDArray[np.int64]:
    """Return the index of the chord that each note belongs to."""
    return np.concatenate([[0], np.cumsum(np.diff(notes["onset_ms"]) > CHORD_MS)])


def _chord_onsets(notes: Notes) -> NDArray[np.int64]:
    onsets: NDArray[np.int64] = notes["onset_ms"][np.unique(_chord_of(notes), return_index=True)[1]]
    return onsets


def _outer(notes: Notes, of: np.ufunc) -> NDArray[np.int64]:
    """Return the highest or lowest pitch of each chord."""
    first = np.unique(_chord_of(notes), return_index=True)[1]
    pitches: NDArray[np.int64] = of.reduceat(notes["pitch"].astype(np.int64), first)
    return pitches


def _histogram(name: str, parts: NDArray[np.float64], edges: NDArray[np.float64]) -> dict[str, float]:
    return {f"{name}_{edge:g}": float(part) for edge, part in zip(edges, parts, strict=False)}


def _intervals(name: str, steps: NDArray[np.int64]) -> dict[str, float]:
    bins = np.searchsorted(INTERVAL_EDGES, np.abs(steps), side="right") - 1
    parts = np.bincount(bins, minlength=len(INTERVAL_EDGES) - 1) / max(1, len(steps))
    return _histogram(name, parts, INTERVAL_EDGES)


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _spread(values: NDArray[Any]) -> float:
    return float(np.std(values)) if len(values) else float("nan")


def _distinct(values: NDArray[Any]) -> float:
    return len(np.unique(values)) / len(values) if len(values) else float("nan")


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
