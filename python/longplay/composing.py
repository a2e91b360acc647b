"""The part of an engine that completes sketches: accompaniments, gaps, performances, variations."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Unpack, cast

import numpy as np

from longplay import _core
from longplay._base.cancel import Cancel, require_cancel
from longplay._base.require import require_instance, require_list, require_number
from longplay._making.arguments import check_arguments
from longplay._making.job import Progress, pieces
from longplay._making.planner import Planner
from longplay._model.opened import OpenModel
from longplay.forming import Forming, SectionEngine
from longplay.midi import NOTE, MidiSource, Notes, Seed, parse_midi
from longplay.originality.index import Index
from longplay.piece import Piece
from longplay.sections import parse_form
from longplay.settings import NO_SKETCH_SETTINGS, Settings, SketchArguments, SketchOptions, settings_from
from longplay.sketch import TAIL_SECONDS, Sketch, accompaniment, below, gap, performance, variation


class ComposingEngine:
    """The part of `Engine` that completes music of which a part is given."""

    _model: OpenModel
    _planner: Planner

    def complete(
        self,
        sketch: Sketch,
        particles: int = SketchOptions.particles,
        *,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SketchArguments],
    ) -> Piece:
        """Complete a sketch: draw the fields that are free, and add notes in the open stretches.

        The engine draws the music up to each given note several times. Those draws survive that make the given note
        likely (sequential Monte Carlo [1]_, [2]_). Given fields are in the piece as they are; the model gets them
        rounded to its tables. The rules of `docs/musical-rules.md` bind added notes only.

        Parameters
        ----------
        sketch : Sketch
        particles : int
            Number of draws, in [1, 1024]. The time grows by this factor. 1 forces the given notes without a choice.
        progress, avoid, cancel
            As for `generate`.
        **settings
            The settings of `generate`, but for ``seconds``, ``recital``, ``search`` and ``include_seed``.

        Raises
        ------
        Cancelled
            `cancel` is set.
        TypeError, ValueError
            The sketch does not fit the model, which must be one of notes; or a setting is not allowed.

        References
        ----------
        .. [1] Gordon, Salmond and Smith, "Novel approach to nonlinear/non-Gaussian Bayesian state estimation", IEE
           Proceedings F 140(2), 1993.
        .. [2] Hadjeres and Nielsen, "Interactive Music Generation with Positional Constraints using Anticipation-RNNs",
           arXiv:1709.06404, 2017.
        """
        made = self.complete_batch([sketch], particles, progress=progress, avoid=avoid, cancel=cancel, **settings)
        return next(made)

    def complete_batch(
        self,
        sketches: Iterable[Sketch],
        particles: int = SketchOptions.particles,
        *,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SketchArguments],
    ) -> Iterator[Piece]:
        """Complete sketches, many at once; yield the pieces in the order of the sketches.

        Piece ``i`` depends on ``(random_seed, i)`` and its sketch, but not on the other sketches or the number of
        threads. One thread completes one sketch.

        Parameters
        ----------
        sketches : iterable of Sketch
        particles, progress, avoid, cancel, **settings
            As for `complete`, which also lists the errors.
        """
        require_cancel(cancel)
        check_arguments(progress, avoid)
        count, chosen = SketchOptions(particles=particles).particles, _settings(settings)
        given = [
            require_instance(f"sketches[{index}]", sketch, Sketch)
            for index, sketch in enumerate(require_list("sketches", sketches))
        ]
        heard = [self._heard(sketch) for sketch in given]
        tasks = [
            self._planner.sketch_task(sketch, count, chosen, index, avoid, f"sketches[{index}]", cancel)
            for index, sketch in enumerate(heard)
        ]
        made = pieces(self._planner.start(tasks, None, avoid, cancel), tasks, progress, None, cancel)
        return (_with_unheard(piece, sketch) for piece, sketch in zip(made, given, strict=True))

    def accompany(
        self,
        melody: MidiSource,
        particles: int = SketchOptions.particles,
        *,
        density: float = SketchOptions.density,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SketchArguments],
    ) -> Piece:
        """Accompany a melody, which stays as it is to the millisecond.

        Unless ``pitches`` is given, no added note lies above the lower quartile of the melody's pitches.

        Parameters
        ----------
        melody : MidiSource
        particles, progress, avoid, cancel, **settings
            As for `complete`, which also lists the errors.
        density : float
            Number of notes for each note of the melody, in [0, 32]. 0 leaves it to the model, which adds too many.
        """
        notes, _, warnings = _read(melody, "melody", cancel)
        if not len(notes):
            raise ValueError("melody must have notes that a piano plays")
        sketch = accompaniment(notes, SketchOptions(density=density).density)
        if settings.get("pitches") is None:
            settings["pitches"] = below(notes, self._keys())
        piece = self.complete(sketch, particles, progress=progress, avoid=avoid, cancel=cancel, **settings)
        return _warned(piece, warnings)

    def compose(
        self,
        form: str,
        seed: Seed = None,
        particles: int = SketchOptions.particles,
        *,
        recall: float = SketchOptions.recall,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SketchArguments],
    ) -> Piece:
        """Compose a piece of sections that return, such as "A16sB16sA16s".

        The first section continues the seed, and each further section the music before it. A return keeps a share of
        the notes of its original, those of the melody first. New notes surround them.

        Parameters
        ----------
        form : str
            Letters from A to Z with lengths in seconds; ``docs/composing.md`` has the grammar.
        seed : MidiSource, optional
            The music that the first section continues.
        recall : float
            Share of the notes that a return keeps, in [0, 1].
        particles, progress, avoid, cancel, **settings
            As for `complete`, which also lists the errors; `progress` counts all sections.
        """
        sections = parse_form(form)
        options = SketchOptions(recall=recall, particles=particles)
        require_cancel(cancel)
        check_arguments(progress, avoid)
        _settings(settings)
        notes, warnings = (np.zeros(0, NOTE), []) if seed is None else parse_midi(seed, name="seed", cancel=cancel)
        forming = Forming(
            cast(SectionEngine, self),
            sections,
            notes,
            options,
            {"avoid": avoid, "cancel": cancel, **settings},
            progress,
        )
        return _warned(forming.piece(form), warnings)

    def infill(
        self,
        piece: MidiSource,
        start: float,
        end: float,
        particles: int = SketchOptions.particles,
        *,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SketchArguments],
    ) -> Piece:
        """Replace the notes that start in a span of a piece; all other notes stay as they are.

        Parameters
        ----------
        piece : MidiSource
        start, end : float
            The span in seconds: its end is excluded.
        particles, progress, avoid, cancel, **settings
            As for `complete`, which also lists the errors.
        """
        notes, seconds, warnings = _read(piece, "piece", cancel)
        sketch = gap(notes, seconds, *_span(start, end, seconds))
        piece = self.complete(sketch, particles, progress=progress, avoid=avoid, cancel=cancel, **settings)
        return _warned(piece, warnings)

    def perform(
        self,
        score: MidiSource,
        particles: int = SketchOptions.particles,
        *,
        slack: float = SketchOptions.slack,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SketchArguments],
    ) -> Piece:
        """Perform a score: draw velocities, lengths and timing of its notes.

        Parameters
        ----------
        score : MidiSource
        particles, progress, avoid, cancel, **settings
            As for `complete`, which also lists the errors.
        slack : float
            By how many seconds an onset may move, in [0, 1].
        """
        notes, seconds, warnings = _read(score, "score", cancel)
        sketch = performance(notes, seconds, SketchOptions(slack=slack).slack)
        piece = self.complete(sketch, particles, progress=progress, avoid=avoid, cancel=cancel, **settings)
        return _warned(piece, warnings)

    def vary(
        self,
        piece: MidiSource,
        start: float = 0.0,
        end: float | None = None,
        particles: int = SketchOptions.particles,
        *,
        keep: float = SketchOptions.keep,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SketchArguments],
    ) -> Piece:
        """Vary a piece: keep a share of the notes of a span, and draw new ones around them.

        Parameters
        ----------
        piece : MidiSource
        start, end : float
            The span in seconds, its end excluded; by default the whole piece.
        keep : float
            Share of the notes to keep, in [0, 1]. ``random_seed`` decides which.
        particles, progress, avoid, cancel, **settings
            As for `complete`, which also lists the errors.
        """
        notes, seconds, warnings = _read(piece, "piece", cancel)
        span = _span(start, seconds if end is None else end, seconds)
        random_seed = _settings(settings).random_seed
        sketch = variation(notes, seconds, *span, SketchOptions(keep=keep).keep, random_seed)
        piece = self.complete(sketch, particles, progress=progress, avoid=avoid, cancel=cancel, **settings)
        return _warned(piece, warnings)

    def _keys(self) -> list[int]:
        """Return the pitches that the model plays; all for a model of tokens."""
        for field in self._model.folder.config["fields"]:
            if field["name"] == "pitch":
                return list(field["values"])
        return list(range(128))

    def _heard(self, sketch: Sketch) -> Sketch:
        """Return a sketch without the notes that the model does not play."""
        free = sketch.free
        plays = free[:, 0] | np.isin(sketch.notes["pitch"], self._keys())
        if plays.all():
            return sketch
        fields = {name: free[plays, index] for index, name in enumerate(("pitch", "velocity", "duration"))}
        slack = np.broadcast_to(np.asarray(sketch.slack), plays.shape)[plays]
        return replace(sketch, notes=sketch.notes[plays], free_fields=fields, slack=slack)


def _read(source: MidiSource, name: str, cancel: Cancel | None) -> tuple[Notes, float, list[str]]:
    """Return the notes of a source, its length in seconds, and warnings."""
    notes, warnings = parse_midi(source, name=name, cancel=cancel)
    last = float((notes["onset_ms"] + notes["duration_ms"]).max(initial=0)) / 1000
    return notes, source.duration if isinstance(source, Piece) else last + TAIL_SECONDS, warnings


def _settings(settings: SketchArguments) -> Settings:
    """Return the settings of a sketch; refuse those that do not apply to one."""
    for name in NO_SKETCH_SETTINGS:
        if name in settings:
            raise TypeError(f"{name} does not apply to a sketch. To fix this, leave it out")
    return settings_from(settings)


def _span(start: float, end: float, seconds: float) -> tuple[float, float]:
    first = require_number("start", start, 0, seconds)
    return first, require_number("end", end, first, seconds, open_low=True)


def _warned(piece: Piece, warnings: list[str]) -> Piece:
    return replace(piece, warnings=(*warnings, *piece.warnings))


def _with_unheard(piece: Piece, sketch: Sketch) -> Piece:
    """Return a piece with the given notes that the model does not play."""
    missing = sketch.notes[~np.isin(sketch.notes["pitch"], piece.notes["pitch"]) & ~sketch.free[:, 0]]
    if not len(missing):
        return piece
    warning = f"The model does not hear {len(missing)} of the given notes because they are outside its keys."
    notes = _core.resolve_overlaps(np.concatenate([piece.notes, missing]))
    return replace(piece, notes=notes, warnings=(*piece.warnings, warning))
