"""A line of notes, all of a file or its melody, compared with the lines of a training set."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.cancel import Cancel, require_cancel
from longplay._base.require import require_instance
from longplay.midi import Notes, require_notes
from longplay.originality.index import Index
from longplay.originality.melody import melody
from longplay.originality.report import Passage, Quotation

RUN_NOTES = _core.QUOTED_NOTES
"""Number of notes from which a common run counts; shorter runs are common in all music."""


class Found(NamedTuple):
    """Notes [begin, end) of a line that follow the index's line from position `source`; see `Quotation`."""

    begin: int
    end: int
    source: int
    same: int
    bits: float | None


class Line:
    """A line of notes of a file, compared with an index.

    Create one with `Line.of_notes` or `Line.of_melody`.
    """

    def __init__(
        self,
        index: Index,
        notes: Notes,
        own: NDArray[np.uint32],
        phrases: _core.PhraseIndex,
        sources: Sequence[int] | NDArray[np.uint32],
        cancel: Cancel | None,
    ) -> None:
        require_cancel(cancel)
        self._index, self._notes, self._phrases, self._cancel = index, notes, phrases, cancel
        self.own, self._sources = own, sources  # indices of the line's notes in the file, and in the index
        self._symbols = _core.interval_symbols(notes["pitch"][own], np.zeros(min(1, len(own)), np.uint32))

    @classmethod
    def of_notes(cls, index: Index, notes: Notes, cancel: Cancel | None = None) -> "Line":
        """Return the line of all notes, by onset, then pitch."""
        require_instance("index", index, Index)
        own = np.arange(len(require_notes(notes)), dtype=np.uint32)
        return cls(index, notes, own, index.phrases, range(len(index.pitches)), cancel)

    @classmethod
    def of_melody(cls, index: Index, notes: Notes, cancel: Cancel | None = None) -> "Line":
        """Return the line of the melody's notes."""
        require_instance("index", index, Index)
        return cls(index, notes, melody(notes), index.melody_phrases, index.melody, cancel)

    @property
    def share_in_runs(self) -> float:
        """Share of the line's notes that lie in common runs of at least `RUN_NOTES` notes."""
        lengths, sources = self._runs
        long = np.flatnonzero(lengths >= RUN_NOTES)
        return self.share(Found(int(i), int(i + lengths[i]), int(sources[i]), int(lengths[i]), None) for i in long)

    def share(self, found: Iterable[Found]) -> float:
        """Return the share of the line's notes that lie in the given passages."""
        inside = self.covered(found)
        return float(inside.mean()) if len(inside) else 0.0

    def covered(self, found: Iterable[Found]) -> NDArray[np.bool_]:
        """Return whether each note of the line lies in the given passages; shape (notes,)."""
        edges = np.zeros(len(self.own) + 1, np.int64)
        for one in found:
            edges[one.begin] += 1
            edges[one.end] -= 1
        return np.cumsum(edges[:-1]) > 0

    def longest_runs(self, top: int) -> list[Found]:
        """Return the `top` longest common runs that do not overlap, the longest first."""
        lengths, sources = self._runs
        taken: list[Found] = []
        for i in np.argsort(-lengths.astype(np.int64), kind="stable").tolist():
            begin, end = i, i + int(lengths[i])
            if len(taken) == top or end - begin < 2:
                break
            if all(end <= other.begin or other.end <= begin for other in taken):
                taken.append(Found(begin, end, int(sources[i]), end - begin, None))
        return taken

    def quotes(self, least_bits: float) -> list[Found]:
        """Return passages that follow the index except for a few notes, the most improbable first."""
        found = self._phrases.find_quotes(self._symbols, least_bits, (0, 0), self._cancel)
        return [Found(*quote) for quote in found]

    def work_of(self, found: Found) -> int:
        """Return the index of the work that a passage follows."""
        return self._index.work_at(self._index.first_notes, int(self._sources[found.source]))

    def quotation(self, found: Found, name: str) -> Quotation:
        """Return a passage as a `Quotation` in a file called `name`."""
        index = self._index
        first, last = int(self.own[found.begin]), int(self.own[found.end - 1])
        source, end = (int(self._sources[found.source + i]) for i in (0, found.end - found.begin - 1))
        onsets = self._notes["onset_ms"]
        here = Passage(name, int(onsets[first]) / 1000, int(onsets[last]) / 1000)
        there = Passage(
            index.names[self.work_of(found)], int(index.onsets_ms[source]) / 1000, int(index.onsets_ms[end]) / 1000
        )
        length = there.end - there.begin
        return Quotation(
            here=here,
            there=there,
            notes=found.end - found.begin,
            same=found.same,
            semitones=int(self._notes["pitch"][first]) - int(index.pitches[source]),
            tempo=(here.end - here.begin) / length if length > 0 else 1.0,
            bits=found.bits,
        )

    @cached_property
    def _runs(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Lengths of the longest common run from each note, and its position in the index."""
        return self._phrases.longest_runs(self._symbols, self._cancel)


def quoted(line: Line, tune: Line, least_bits: float, least_melody_bits: float) -> tuple[list[Found], list[Found]]:
    """Return the quoted passages of all notes, and the melodies that are quoted over other notes."""
    passages = line.quotes(least_bits)
    inside = line.covered(passages)
    melodies = tune.quotes(least_melody_bits)
    return passages, [one for one in melodies if inside[tune.own[one.begin : one.end]].mean() <= 0.5]
