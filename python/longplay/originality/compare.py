"""A piece beside a training set: the closest windows, the longest runs, the quotations."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay.midi import MidiSource, Notes, midi_bytes
from longplay.originality.index import Index, Progress
from longplay.originality.report import HIGHEST_PITCH, Originality, Passage, Quotation, WindowPair

RUN_NOTES = _core.QUOTED_NOTES
"""Shorter runs in common are the language of music, not a quotation."""

NONE = 2**32 - 1


def compare(
    midi: MidiSource,
    index: Index,
    *,
    name: str | None = None,
    top: int = 10,
    least_bits: float = 70.0,
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

    symbols = _core.interval_symbols(notes["pitch"].copy(), np.zeros(min(1, len(notes)), np.uint32))
    lengths, sources = index.phrases.longest_runs(symbols)
    runs = [(i, i + int(lengths[i]), int(sources[i]), int(lengths[i]), None) for i in _separate_runs(lengths, top)]
    quoted = index.phrases.find_quotes(symbols, least_bits, (0, 0))
    long_runs = np.flatnonzero(lengths >= RUN_NOTES)
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
        longest_runs=tuple(_quotation(index, name, notes, *run) for run in runs),
        share_in_runs=_share(((int(i), int(i + lengths[i])) for i in long_runs), len(notes)),
        run_notes=RUN_NOTES,
        quotations=tuple(_quotation(index, name, notes, *quote) for quote in quoted),
        share_quoted=_share(((begin, end) for begin, end, *_ in quoted), len(notes)),
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


def _separate_runs(lengths: NDArray[np.uint32], top: int) -> list[int]:
    """Where the longest runs begin that do not overlap."""
    taken: list[int] = []
    for i in np.argsort(-lengths.astype(np.int64), kind="stable"):
        if len(taken) == top or lengths[i] < 2:
            break
        if all(i + lengths[i] <= other or other + lengths[other] <= i for other in taken):
            taken.append(int(i))
    return taken


def _quotation(
    index: Index, name: str, notes: Notes, begin: int, end: int, place: int, same: int, bits: float | None
) -> Quotation:
    work = index.work_at(index.first_notes, place)
    last = place + end - 1 - begin
    here = Passage(name, int(notes["onset_ms"][begin]) / 1000, int(notes["onset_ms"][end - 1]) / 1000)
    there = Passage(index.names[work], int(index.onsets_ms[place]) / 1000, int(index.onsets_ms[last]) / 1000)
    length = there.end - there.begin
    return Quotation(
        here=here,
        there=there,
        notes=end - begin,
        same=same,
        semitones=int(notes["pitch"][begin]) - int(index.pitches[place]),
        tempo=(here.end - here.begin) / length if length > 0 else 1.0,
        bits=bits,
    )


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _share(ranges: Iterable[tuple[int, int]], count: int) -> float:
    """Share of `count` notes that lie in one of the ranges [begin, end)."""
    edges = np.zeros(count + 1, np.int64)
    for begin, end in ranges:
        edges[begin] += 1
        edges[end] -= 1
    return float((np.cumsum(edges[:-1]) > 0).mean()) if count else 0.0
