"""The making of a piece whose sections return: each section is a sketch behind the music so far."""

import hashlib
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from longplay import _core
from longplay._making.job import Progress
from longplay.midi import NOTE, Notes, resolve_overlaps
from longplay.piece import Piece
from longplay.provenance import SketchOrigin
from longplay.sections import OUTRO, Section, between, cut, recalled, section_sketch, shifted
from longplay.settings import Settings, SketchOptions


class SectionEngine(Protocol):
    """The calls of an engine that make sections."""

    def complete(self, *arguments: Any, **settings: Any) -> Piece: ...

    def generate(self, *arguments: Any, **settings: Any) -> Piece: ...


class Forming:
    """Make the sections of a plan, one after the other.

    Parameters
    ----------
    engine : SectionEngine
    sections : list of Section
    seed : structured array, shape (notes,)
        The music before the first section.
    options : SketchOptions
    arguments : dict
        Keyword arguments of the calls of the engine, but for ``progress``.
    progress : callable, optional
        As for `Engine.compose`.
    """

    def __init__(
        self,
        engine: SectionEngine,
        sections: list[Section],
        seed: Notes,
        options: SketchOptions,
        arguments: dict[str, Any],
        progress: Progress | None,
    ) -> None:
        self._engine, self._sections, self._options = engine, sections, options
        self._arguments, self._progress = arguments, progress
        self._random_seed = arguments.get("random_seed", Settings.random_seed)
        self._zero_ms = int((seed["onset_ms"] + seed["duration_ms"]).max(initial=0))
        self._music = seed  # the seed, and all sections so far
        self._made: list[Piece] = []

    def piece(self, form: str) -> Piece:
        """Make all sections and return them as one piece."""
        for number, section in enumerate(self._sections):
            made, at_ms = self._section(number, section)
            begin_ms = self._zero_ms + 1000 * section.begin
            length_ms = 1000 * (section.end - section.begin)
            new = shifted(between(made.notes, at_ms, at_ms + length_ms), begin_ms)
            self._music = resolve_overlaps(np.concatenate([self._music, new]))
            self._made.append(made)
        return self._joined(form)

    def _section(self, number: int, section: Section) -> tuple[Piece, int]:
        """Return a piece with the section, and when the section begins in the piece."""
        seconds = section.end - section.begin
        own = _core.branch_seed(random_seed=self._random_seed, candidate=0, event=number, branch=1)
        common = {**self._arguments, **section.settings, "random_seed": own, "progress": self._progress_of(section)}
        begin_ms = self._zero_ms + 1000 * section.begin
        if section.name == OUTRO:
            source = section_sketch(self._music, begin_ms, seconds, np.zeros(0, NOTE), 0)[0].notes
            return self._engine.generate(source, seconds, recital=False, **common), 0
        kept, per_second = np.zeros(0, NOTE), self._density(section, begin_ms)
        if section.original is not None:
            original = self._notes_of(self._sections[section.original])
            kept = recalled(original, self._options.recall, own)
            kept = kept[kept["onset_ms"] < 1000 * seconds]
            per_second = (len(original) - len(kept)) / seconds
        sketch, at_ms = section_sketch(self._music, begin_ms, seconds, kept, per_second)
        return self._engine.complete(sketch, self._options.particles, **common), at_ms

    def _notes_of(self, section: Section) -> Notes:
        return between(self._music, self._zero_ms + 1000 * section.begin, self._zero_ms + 1000 * section.end)

    def _density(self, section: Section, begin_ms: int) -> float:
        """Return how many notes a second to add to a new section: as many as so far, changed by its pace; 0 for any."""
        so_far = 1000 * len(self._music) / begin_ms if len(self._music) else 0.0
        return so_far * float(section.settings.get("pace", 1.0))

    def _progress_of(self, section: Section) -> Progress | None:
        """Return the progress of a section as part of that of the piece."""
        report = self._progress
        if report is None:
            return None
        total, length = float(self._sections[-1].end), section.end - section.begin
        return lambda made, of: report(section.begin + length * made / of, total)

    def _joined(self, form: str) -> Piece:
        seconds = float(self._sections[-1].end)
        first = self._made[0]
        hashes = [made.provenance.sketch.hash for made in self._made if made.provenance.sketch is not None]
        origin = SketchOrigin(hashlib.sha256("".join(hashes).encode()).hexdigest(), self._options.particles, form)
        settings = replace(first.provenance.settings, seconds=seconds, random_seed=self._random_seed, recital=False)
        warnings = tuple(dict.fromkeys(warning for made in self._made for warning in made.warnings))
        return Piece(
            cut(between(self._music, self._zero_ms, self._zero_ms + round(1000 * seconds)), seconds),
            seconds,
            np.concatenate([made.events for made in self._made]),
            np.concatenate([made.log_probabilities for made in self._made]),
            replace(first.provenance, settings=settings, sketch=origin),
            warnings,
            sum(made.refusals for made in self._made),
        )
