"""Compare a piece with a training set: closest windows, longest runs, quotations."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.cancel import Cancel, require_cancel
from longplay._base.require import require_callable, require_instance, require_integer, require_number
from longplay.midi import MidiSource, Notes, parse_midi
from longplay.originality.index import NO_WINDOW, Index, Progress
from longplay.originality.line import RUN_NOTES, Line, quoted
from longplay.originality.report import HIGHEST_PITCH, Originality, Passage, WindowPair


def compare(
    midi: MidiSource,
    index: Index,
    *,
    name: str | None = None,
    top: int = 10,
    least_bits: float = 70.0,
    least_melody_bits: float = 60.0,
    num_threads: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Originality:
    """Compare a MIDI file with a training set.

    Parameters
    ----------
    midi : MidiSource
    index : Index
        Index of the training set.
    name : str, optional
        Name of the file in the report; by default its path.
    top : int
        Number of closest pairs and of longest runs to report, at least 1.
    least_bits, least_melody_bits : float
        Improbability, in bits, from which a common passage, or a common melody, counts as quoted.
    num_threads, progress, cancel
        As for `Index.build`.

    Returns
    -------
    Originality

    Raises
    ------
    MidiError, OSError
        The file is not a MIDI file, or it cannot be opened.
    Cancelled
        `cancel` is set.
    ValueError
        An argument is out of range.
    """
    require_instance("index", index, Index)
    require_integer("top", top, 1)
    require_integer("num_threads", num_threads, 0, 1024)
    for argument, bits in (("least_bits", least_bits), ("least_melody_bits", least_melody_bits)):
        require_number(argument, bits, 0, math.inf)
    require_callable("progress", progress)
    require_cancel(cancel)
    notes, warnings = parse_midi(midi, name="midi", cancel=cancel)
    name = name or ("MIDI bytes" if isinstance(midi, bytes) else str(midi))
    return Originality(
        file=name,
        notes=len(notes),
        seconds=int(np.max(notes["onset_ms"] + notes["duration_ms"], initial=0)) / 1000,
        settings=asdict(index.settings),
        works=len(index.names),
        warnings=tuple(warnings),
        **_compare_windows(notes, index, name, top, num_threads, progress, cancel),
        **_compare_lines(notes, index, name, top, least_bits, least_melody_bits, cancel),
    )


def _compare_windows(
    notes: Notes,
    index: Index,
    name: str,
    top: int,
    num_threads: int,
    progress: Progress | None,
    cancel: Cancel | None,
) -> dict[str, Any]:
    """Return the fields of the report that describe windows."""
    settings = index.settings
    series = _core.pitch_series(notes, settings.series, settings.step_ms)
    starts, plain = settings.windows(series)
    queries = series[starts[:, None] + np.arange(settings.steps)]
    nearest, distances = index.nearest(queries, None, num_threads, progress, cancel)
    near = np.quantile(index.calibration, 0.01, method="lower") if len(index.calibration) else 0
    windows = _Windows(queries, starts, nearest, distances)
    return {
        "windows": len(starts),
        "plain_windows": plain,
        "near_windows": _mean(distances <= near),
        "near_expected": _mean(index.calibration <= near),
        "closest": tuple(_closest(index, name, windows, top)),
    }


def _compare_lines(
    notes: Notes,
    index: Index,
    name: str,
    top: int,
    least_bits: float,
    least_melody_bits: float,
    cancel: Cancel | None,
) -> dict[str, Any]:
    """Return the fields of the report that describe runs and quotations of notes."""
    line, tune = Line.of_notes(index, notes, cancel), Line.of_melody(index, notes, cancel)
    passages, melodies = quoted(line, tune, least_bits, least_melody_bits)
    return {
        "longest_runs": tuple(line.quotation(run, name) for run in line.longest_runs(top)),
        "share_in_runs": line.share_in_runs,
        "run_notes": RUN_NOTES,
        "quotations": tuple(line.quotation(passage, name) for passage in passages),
        "share_quoted": line.share(passages),
        "melody_notes": len(tune.own),
        "melody_share_in_runs": tune.share_in_runs,
        "melodies": tuple(tune.quotation(found, name) for found in melodies),
    }


class _Windows(NamedTuple):
    """The windows of a piece and the nearest window of the index to each.

    `queries` has the shape (windows, steps), the others (windows,). `nearest` holds starts in the index's series.
    """

    queries: NDArray[np.uint8]
    starts: NDArray[np.uint32]
    nearest: NDArray[np.uint32]
    distances: NDArray[np.uint32]


def _closest(index: Index, name: str, windows: _Windows, top: int) -> Iterator[WindowPair]:
    """Yield the nearest pairs whose windows do not overlap; of equally near ones, that with most changes first."""
    steps, step_seconds = index.settings.steps, index.settings.step_ms / 1000
    changes = np.count_nonzero(np.diff(windows.queries.astype(np.int16)), axis=1)
    chosen: list[int] = []
    for i in np.lexsort((windows.starts, -changes, windows.distances)):
        start, source, distance = int(windows.starts[i]), int(windows.nearest[i]), int(windows.distances[i])
        if len(chosen) == top or source == NO_WINDOW:
            return
        if any(abs(start - other) < steps for other in chosen):
            continue
        chosen.append(start)
        work = index.work_at(index.first_steps, source)
        there = (source - int(index.first_steps[work])) * step_seconds
        yield WindowPair(
            here=Passage(name, start * step_seconds, (start + steps) * step_seconds),
            there=Passage(index.names[work], there, there + steps * step_seconds),
            distance=distance,
            similarity=1 - distance / (HIGHEST_PITCH * steps),
            percentile=100 * _mean(index.calibration <= distance),
        )


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0
