"""An index of a training set: built once, then compared with files."""

import hashlib
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.arrays import require_integers
from longplay._base.cancel import Cancel, require_cancel, until
from longplay._base.require import (
    require_callable,
    require_choice,
    require_flag,
    require_instance,
    require_integer,
    require_list,
    require_path,
)
from longplay.midi import Notes, parse_midi
from longplay.originality.index_file import IndexContent, broken, read_index, write_index
from longplay.originality.melody import melody
from longplay.originality.training_files import TrainingFile

Progress: TypeAlias = Callable[[float, float], None]
"""Function called with (windows compared so far, all windows), a few times a second."""

NO_WINDOW = 2**32 - 1  # start of the nearest window where there is none

WINDOWS_PER_TURN = 64  # after which the search reports progress


@dataclass(frozen=True)
class IndexSettings:
    """Define how music is cut into windows, which the challenge's rule leaves open.

    Attributes
    ----------
    series : {"sounding", "struck"}
        The highest pitch that sounds (0 in silence), or the highest of the pitches struck last.
    step_ms : int
        Time step in milliseconds, in [10, 1000].
    steps : int
        Length of a window in steps, in [2, 256].
    stride : int
        Steps from the start of a window to the next start, in [1, 256].
    band : int
        Largest distance in steps of two paired values in dynamic time warping (DTW), in [0, 256]; 0 for no limit.
    min_changes : int
        Windows whose series changes less often are not compared, in [0, 255]. Every work has held notes.

    Raises
    ------
    ValueError
        A setting is out of range; the message names it.
    """

    series: Literal["sounding", "struck"] = "sounding"
    step_ms: int = 125
    steps: int = 40
    stride: int = 8
    band: int = 0
    min_changes: int = 8

    def __post_init__(self) -> None:
        require_choice("series", self.series, ("sounding", "struck"))
        ranges = {
            "step_ms": (10, 1000),
            "steps": (2, 256),
            "stride": (1, 256),
            "band": (0, 256),
            "min_changes": (0, 255),
        }
        for name, (least, most) in ranges.items():
            object.__setattr__(self, name, require_integer(name, getattr(self, name), least, most))

    def windows(self, series: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], int]:
        """Find the windows of a series.

        Parameters
        ----------
        series : uint8 array, shape (steps,)

        Returns
        -------
        starts : uint32 array, shape (windows,)
        plain : int
            Number of other windows, which change fewer than `min_changes` times.
        """
        series = require_integers("series", series, np.uint8)
        starts = np.arange(0, len(series) - self.steps + 1, self.stride, dtype=np.uint32)
        if len(starts) == 0:
            return starts, 0
        changes = np.concatenate([[0], np.cumsum(series[1:] != series[:-1])])
        busy = changes[starts + self.steps - 1] - changes[starts] >= self.min_changes
        return starts[busy], int((~busy).sum())


class Index:
    """An index of a training set, with which files are compared.

    Create one with `Index.build` or `Index.open`. Several threads may use an index at the same time.
    """

    def __init__(self, content: IndexContent) -> None:
        self._content = content
        try:
            self.settings = IndexSettings(**content.settings)
        except (TypeError, ValueError) as error:
            raise broken("the index", f"its settings are invalid: {error}") from error
        self.names = [name for name, _ in content.works]
        """Names of the works, in the order of the index."""
        self._groups = [group for _, group in content.works]
        arrays = content.arrays
        self.first_steps = _boundaries("first_steps", arrays, len(self.names), len(arrays["series"]))
        self.first_notes = _boundaries("first_notes", arrays, len(self.names), len(arrays["pitches"]))
        if len(arrays["onsets_ms"]) != len(arrays["pitches"]):
            counts = f"{len(arrays['onsets_ms'])} onsets for {len(arrays['pitches'])} pitches"
            raise broken("the index", f"it has {counts}")
        self.series, self.pitches, self.onsets_ms = arrays["series"], arrays["pitches"], arrays["onsets_ms"]
        self.melody = arrays["melody"]
        """Indices of the melody notes, ascending; see `melody`."""
        if (self.melody >= len(self.pitches)).any() or (self.melody[1:] <= self.melody[:-1]).any():
            raise broken("the index", f"melody must ascend within {len(self.pitches)} notes")
        self.calibration = np.sort(arrays["calibration"])
        """DTW distances from windows of real works to the nearest window of another work, ascending."""
        try:
            symbols = _core.interval_symbols(self.pitches, arrays["first_notes"][:-1])
            self.phrases = _core.PhraseIndex(symbols, arrays["phrases"])
            symbols = _melody_symbols(self.pitches, self.first_notes, self.melody)
            self.melody_phrases = _core.PhraseIndex(symbols, arrays["melody_phrases"])
            self.search = _core.WindowSearch(self.series, arrays["windows"], self.settings.steps, self.settings.band)
        except ValueError as error:
            raise broken("the index", str(error)) from error

    @classmethod
    def open(cls, path: str | Path) -> "Index":
        """Open an index file.

        Raises
        ------
        longplay.Error
            The file is not an index, or it is damaged.
        OSError
            The file cannot be opened.
        """
        return cls(read_index(require_path("path", path)))

    @classmethod
    def build(
        cls,
        files: Iterable[TrainingFile],
        settings: IndexSettings | None = None,
        *,
        calibration: int = 1000,
        num_threads: int = 0,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> "Index":
        """Build an index of a training set.

        Parameters
        ----------
        files : iterable of TrainingFile
            Training files. A file that cannot be read or has no notes is skipped with a warning. So is a file whose
            notes have the pitches of an earlier file, in any key.
        settings : IndexSettings, optional
        calibration : int
            Number of windows, spread evenly over the set, that are compared with all works of other groups, at
            least 1. These distances show how similar real works are.
        num_threads : int
            Number of threads; 0 uses one per core.
        progress : callable, optional
            Called with (windows calibrated, all windows).
        cancel : threading.Event, optional
            As for `Engine.generate`.

        Raises
        ------
        Cancelled
            `cancel` is set.
        ValueError
            No file holds a note, or `calibration` is out of range.
        """
        require_integer("calibration", calibration, 1)
        require_integer("num_threads", num_threads, 0, 1024)
        require_callable("progress", progress)
        require_cancel(cancel)
        settings = IndexSettings() if settings is None else require_instance("settings", settings, IndexSettings)
        given = [require_instance("files", one, TrainingFile) for one in require_list("files", files)]
        works, notes = _read_works(given, cancel)
        if not works:
            raise ValueError("a training set must hold at least one readable MIDI file with notes")
        arrays = _arrays_of(notes, settings, cancel)
        index = cls(IndexContent(asdict(settings), works, arrays))
        arrays["calibration"] = index._calibrate(calibration, num_threads, progress, cancel)
        return cls(IndexContent(asdict(settings), works, arrays))

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the index to a file.

        Raises
        ------
        FileExistsError
            The file exists and `overwrite` is false.
        """
        write_index(require_path("path", path), self._content, overwrite=require_flag("overwrite", overwrite))

    def nearest(
        self,
        queries: NDArray[np.uint8],
        excluded: NDArray[np.uint32] | None = None,
        num_threads: int = 0,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Find the exact nearest window to each query by dynamic time warping (DTW).

        Parameters
        ----------
        queries : uint8 array, shape (queries, steps)
        excluded : uint32 array, shape (queries, 2), optional
            For each query, [begin, end): windows that start there in `series` are skipped.
        num_threads, progress, cancel
            As for `compare`.

        Returns
        -------
        starts : uint32 array, shape (queries,)
            Start of the nearest window in `series`; 2**32 - 1 if there is no window.
        distances : uint32 array, shape (queries,)
            DTW distance to that window, in semitones times steps.
        """
        queries = require_integers("queries", queries, np.uint8, self.settings.steps)
        none = np.empty((0, 2), np.uint32)
        if excluded is not None:
            excluded = require_integers("excluded", excluded, np.uint32, 2)
            if len(excluded) != len(queries):
                raise ValueError(f"excluded must have {len(queries)} rows, as queries, not {len(excluded)}")
        require_integer("num_threads", num_threads, 0, 1024)
        require_callable("progress", progress)
        require_cancel(cancel)
        starts, distances = np.empty(len(queries), np.uint32), np.empty(len(queries), np.uint32)
        for begin in range(0, len(queries), WINDOWS_PER_TURN):
            turn = slice(begin, begin + WINDOWS_PER_TURN)
            skipped = none if excluded is None else excluded[turn]
            starts[turn], distances[turn] = self.search.nearest(queries[turn], skipped, num_threads, cancel)
            if progress is not None:
                progress(min(begin + WINDOWS_PER_TURN, len(queries)), len(queries))
        return starts, distances

    @property
    def window_starts(self) -> NDArray[np.uint32]:
        """Starts of the windows in `series`, in the order of the search."""
        return np.asarray(self._content.arrays["windows"])

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the notes: indexes with the same hash find the same runs."""
        digest = hashlib.sha256(self.first_notes.astype("<u4").tobytes())
        digest.update(self.pitches.tobytes())
        return digest.hexdigest()

    @property
    def hours(self) -> float:
        """Hours of music in the index."""
        return len(self.series) * self.settings.step_ms / 3.6e6

    def work_at(self, boundaries: NDArray[np.uint32], position: int) -> int:
        """Return the index of the work that holds a step (by `first_steps`) or a note (by `first_notes`)."""
        bounds = require_integers("boundaries", boundaries, np.uint32)
        return int(np.searchsorted(bounds, require_integer("position", position, 0), side="right")) - 1

    def group_of(self, work: int) -> tuple[int, int]:
        """Return the range [begin, end) of the works in the group of a work."""
        work = begin = end = require_integer("work", work, 0, len(self._groups) - 1)
        while begin > 0 and self._groups[begin - 1] == self._groups[work]:
            begin -= 1
        while end < len(self._groups) and self._groups[end] == self._groups[work]:
            end += 1
        return begin, end

    def _calibrate(
        self, count: int, num_threads: int, progress: Progress | None, cancel: Cancel | None
    ) -> NDArray[np.uint32]:
        windows = np.sort(self.window_starts)
        chosen = windows[np.linspace(0, len(windows) - 1, min(count, len(windows))).astype(np.int64)]
        queries = self.series[chosen[:, None] + np.arange(self.settings.steps)]
        groups = [self.group_of(self.work_at(self.first_steps, start)) for start in chosen]
        excluded = self.first_steps[np.array(groups, np.int64).reshape(-1, 2)]
        starts, distances = self.nearest(queries, excluded, num_threads, progress, cancel)
        return np.sort(distances[starts != np.uint32(NO_WINDOW)])


def _boundaries(name: str, arrays: dict[str, NDArray[Any]], works: int, length: int) -> NDArray[np.uint32]:
    bounds = np.asarray(arrays[name])
    if len(bounds) != works + 1 or bounds[0] != 0 or bounds[-1] != length or (bounds[1:] < bounds[:-1]).any():
        raise broken("the index", f"{name} must ascend from 0 to {length} over {works} works")
    return bounds


def _arrays_of(notes: list[Notes], settings: IndexSettings, cancel: Cancel | None) -> dict[str, NDArray[Any]]:
    """Return the arrays of an index of works; the calibration is empty."""
    series = [_core.pitch_series(one, settings.series, settings.step_ms) for one in until(cancel, notes)]
    first_steps = np.cumsum([0, *map(len, series)]).astype(np.uint32)
    first_notes = np.cumsum([0, *map(len, notes)]).astype(np.uint32)
    all_series = np.concatenate(series)
    starts = [first + settings.windows(one)[0] for first, one in zip(first_steps, series, strict=False)]
    pitches = np.concatenate([one["pitch"] for one in notes])
    melodies = [first + melody(one) for first, one in zip(first_notes, until(cancel, notes), strict=False)]
    all_starts = np.concatenate(starts).astype(np.uint32)
    all_melodies = np.concatenate(melodies).astype(np.uint32)
    return {
        "series": all_series,
        "first_steps": first_steps,
        "windows": _core.order_windows(all_series, all_starts, settings.steps, cancel),
        "pitches": pitches,
        "onsets_ms": np.concatenate([one["onset_ms"] for one in notes]).astype(np.uint32),
        "first_notes": first_notes,
        "phrases": _core.sort_phrases(_core.interval_symbols(pitches, first_notes[:-1]), cancel),
        "melody": all_melodies,
        "melody_phrases": _core.sort_phrases(_melody_symbols(pitches, first_notes, all_melodies), cancel),
        "calibration": np.zeros(0, np.uint32),
    }


def _melody_symbols(
    pitches: NDArray[np.uint8], first_notes: NDArray[np.uint32], melodies: NDArray[np.uint32]
) -> NDArray[np.uint8]:
    begins = np.searchsorted(melodies, first_notes[:-1]).astype(np.uint32)
    return _core.interval_symbols(pitches[melodies], begins)


def _read_works(files: Iterable[TrainingFile], cancel: Cancel | None) -> tuple[list[tuple[str, str]], list[Notes]]:
    """Read the works of an index; leave out each that equals an earlier one."""
    works: list[tuple[str, str]] = []
    notes: list[Notes] = []
    same: dict[bytes, int] = {}  # the first work of these intervals
    in_order = sorted(until(cancel, files), key=lambda file: (file.group, file.name))
    for file in until(cancel, in_order):
        read = _read_training_file(file, cancel)
        if read is None:
            continue
        pitches = read["pitch"].astype(np.int16)
        first = same.setdefault(np.diff(pitches).tobytes(), len(works))
        if first == len(works):
            works.append((file.name, file.group))
            notes.append(read)
            continue
        semitones = int(pitches[0]) - int(notes[first]["pitch"][0])
        key = f", transposed by {semitones:+d} semitone{'s' * (abs(semitones) != 1)}" if semitones else ""
        warnings.warn(f"{file.name} is left out: its notes equal those of {works[first][0]}{key}", stacklevel=3)
    return works, notes


def _read_training_file(file: TrainingFile, cancel: Cancel | None) -> Notes | None:
    try:
        notes, _ = parse_midi(file.data, cancel=cancel)
    except _core.MidiError as error:
        warnings.warn(f"{file.name} was skipped: {error}", stacklevel=4)
        return None
    if len(notes) == 0:
        warnings.warn(f"{file.name} was skipped: it has no notes", stacklevel=4)
        return None
    return notes
