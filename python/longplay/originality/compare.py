"""A piece beside a training set: the closest windows, the longest runs, the quotations."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay.midi import MidiSource, midi_bytes
from longplay.originality.index import Index, Progress
from longplay.originality.line import RUN_NOTES, Line, quoted
from longplay.originality.report import HIGHEST_PITCH, Originality, Passage, WindowPair

NONE = 2**32 - 1


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
) -> Originality:
    """Tell what a MIDI file has in common with a training set.

    Parameters
    ----------
    midi : path or bytes
    index : Index
        Of the training set.
    name : str, optional
        What the report calls the file; by default its path.
    top : int
        How many of the closest pairs and of the longest runs to tell, at least 1.
    least_bits : float
        How unlikely a passage in common must be to count as quoted.
    least_melody_bits : float
        The same of a melody.
    num_threads : int
        0 takes one per core.
    progress : callable, optional
        Called with (windows compared, windows in all).

    Raises
    ------
    MidiError
        The file is not a readable MIDI file.
    OSError
        The file cannot be opened.
    ValueError
        `top` or `num_threads` is out of range.
    """
    if top < 1:
        raise ValueError(f"top must be at least 1, not {top}")
    name = name or ("MIDI bytes" if isinstance(midi, bytes) else str(midi))
    notes, warnings = _core.read_score(midi_bytes(midi))
    settings = index.settings
    series = _core.pitch_series(notes, settings.series, settings.step_ms)
    starts, plain = settings.windows(series)
    queries = series[starts[:, None] + np.arange(settings.steps)]
    places, distances = index.nearest(queries, None, num_threads, progress)
    near = np.quantile(index.calibration, 0.01, method="lower") if len(index.calibration) else 0

    line, tune = Line.of_notes(index, notes), Line.of_melody(index, notes)
    passages, melodies = quoted(line, tune, least_bits, least_melody_bits)
    return Originality(
        file=name,
        notes=len(notes),
        seconds=int(np.max(notes["onset_ms"] + notes["duration_ms"], initial=0)) / 1000,
        settings=asdict(index.settings),
        works=len(index.names),
        windows=len(starts),
        plain_windows=plain,
        near_windows=_mean(distances <= near),
        near_expected=_mean(index.calibration <= near),
        closest=tuple(_closest(index, name, series, starts, places, distances, top)),
        longest_runs=tuple(line.quotation(run, name) for run in line.longest_runs(top)),
        share_in_runs=line.share_in_runs,
        run_notes=RUN_NOTES,
        quotations=tuple(line.quotation(quote, name) for quote in passages),
        share_quoted=line.share(passages),
        melody_notes=len(tune.own),
        melody_share_in_runs=tune.share_in_runs,
        melodies=tuple(tune.quotation(one, name) for one in melodies),
        warnings=tuple(warnings),
    )


def _closest(
    index: Index,
    name: str,
    series: NDArray[np.uint8],
    starts: NDArray[np.uint32],
    places: NDArray[np.uint32],
    distances: NDArray[np.uint32],
    top: int,
) -> Iterator[WindowPair]:
    """The nearest windows that do not overlap; of equally near ones those that change more often."""
    steps, second = index.settings.steps, index.settings.step_ms / 1000
    changes = np.count_nonzero(np.diff(series[starts[:, None] + np.arange(steps)].astype(np.int16)), axis=1)
    taken: list[int] = []
    for i in np.lexsort((starts, -changes, distances)):
        start, place, distance = int(starts[i]), int(places[i]), int(distances[i])
        if len(taken) == top or place == NONE:
            return
        if any(abs(start - other) < steps for other in taken):
            continue
        taken.append(start)
        work = index.work_at(index.first_steps, place)
        there = (place - int(index.first_steps[work])) * second
        yield WindowPair(
            here=Passage(name, start * second, (start + steps) * second),
            there=Passage(index.names[work], there, there + steps * second),
            distance=distance,
            similarity=1 - distance / (HIGHEST_PITCH * steps),
            percentile=100 * _mean(index.calibration <= distance),
        )


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0
