"""From settings to jobs of the core."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from typing import TypeAlias

from longplay import _core
from longplay._base.cancel import Cancel
from longplay._base.require import require_instance
from longplay._core import MidiError, SnapshotError
from longplay._making.core_settings import core_settings
from longplay._making.job import PieceTask
from longplay._making.recognition import Recognition
from longplay._making.snapshot import Kind, Snapshot
from longplay._model.opened import OpenModel
from longplay._model.sampling import SAMPLING_OFF, field_params
from longplay.midi import Seed, midi_bytes, named
from longplay.originality.index import Index
from longplay.provenance import Provenance, SketchOrigin
from longplay.settings import Settings
from longplay.sketch import Sketch

_CoreTask: TypeAlias = _core.GenerateTask | _core.Extension | _core.SketchTask


class Planner:
    """Plan the pieces of an open model, and start the jobs that make them.

    This is the interface of `longplay.engine`, `longplay.farm` and `longplay.challenge` to the core. It is not public.

    Parameters
    ----------
    model : OpenModel
    """

    def __init__(self, model: OpenModel) -> None:
        self._model = model
        self.seed_style = Recognition(model).seed_style

    @property
    def fields(self) -> int:
        """Number of fields of the model's events."""
        return len(self._model.folder.config["fields"])

    def generate_task(
        self,
        seed: Seed,
        settings: Settings,
        candidate: int,
        avoid: Index | None = None,
        name: str = "",
        cancel: Cancel | None = None,
    ) -> PieceTask:
        """Plan a piece from its beginning; `name` is the name of the seed in errors."""
        try:
            source = None if seed is None else midi_bytes(seed, name="seed")
        except TypeError as error:
            raise named(error, name) from None
        return PieceTask(self.provenance(source, settings, candidate, avoid, cancel), source, name)

    def resume_task(self, snapshot: bytes) -> PieceTask:
        """Plan the rest of an unfinished piece, to the length that it was begun with.

        Raises
        ------
        SnapshotError
            As for `read`.
        """
        before = self.read("piece", snapshot)
        return PieceTask(before.provenance, before)

    def extend_task(self, snapshot: Snapshot, branch: int, seconds: float) -> PieceTask:
        """Plan a longer piece from a snapshot.

        Raises
        ------
        ValueError
            `branch` or `seconds` is out of range.
        """
        return PieceTask(snapshot.provenance.after(snapshot.core.events, branch, seconds), snapshot)

    def sketch_task(
        self,
        sketch: Sketch,
        particles: int,
        settings: Settings,
        candidate: int,
        avoid: Index | None = None,
        name: str = "",
        cancel: Cancel | None = None,
    ) -> PieceTask:
        """Plan a piece that completes a sketch; `name` is the name of the sketch in errors."""
        settings = replace(settings, seconds=sketch.seconds, recital=False)
        given = self.provenance(midi_bytes(sketch.notes), settings, candidate, avoid, cancel)
        origin = SketchOrigin(sketch.hash, particles)
        return PieceTask(replace(given, seed_hash=None, sketch=origin), sketch, name)

    def start(
        self,
        tasks: Iterable[PieceTask],
        keep_seconds: float | None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
    ) -> _core.Job:
        """Start a job that makes pieces; piece ``i`` of the job is task ``i``.

        Parameters
        ----------
        tasks : iterable of PieceTask
        keep_seconds : float or None
            Seconds of music between two snapshots of a piece; None for no snapshots.
        avoid : Index, optional
            The index that all pieces avoid.
        cancel : threading.Event, optional
            Cancels the start, not the job.

        Returns
        -------
        Job
            The caller must call `Job.stop` at the end.

        Raises
        ------
        MidiError, SnapshotError, ValueError
            As for `Engine.generate_batch` and `Engine.extend`.
        """
        tasks = list(tasks)
        core_tasks: list[_CoreTask] = []
        for task in tasks:
            task.provenance.check_index(avoid)
            settings = self.core_settings(task.provenance, keep_seconds, avoid)
            if isinstance(task.source, Snapshot):
                core_tasks.append(task.source.extension(settings))
            elif isinstance(task.source, Sketch):
                core_tasks.append(_sketch_task(task.source, task.provenance, settings))
            else:
                core_tasks.append(_core.GenerateTask(task.source, settings))
        try:
            return self._model.core_for(len(core_tasks)).start(core_tasks, cancel)
        except (MidiError, ValueError) as error:
            refused = [not self._starts(one) for one in core_tasks]
            if len(tasks) == 1 or (all(refused) and not isinstance(error, MidiError)):
                raise  # it is about the settings
            raise named(error, tasks[refused.index(True)].name) from None

    def _starts(self, task: _CoreTask) -> bool:
        """Return whether a task alone is not refused."""
        try:
            self._model.core.start([task]).stop()
        except (MidiError, ValueError):
            return False
        return True

    def begin(
        self, seed: Seed, settings: Settings, cancel: Cancel | None
    ) -> tuple[bytes | None, Provenance, _core.Settings]:
        """Plan a stream or session from its beginning: the seed's bytes, the provenance and the core's settings."""
        source = None if seed is None else midi_bytes(seed, name="seed")
        provenance = self.provenance(source, settings, cancel=cancel)
        return source, provenance, self.core_settings(provenance)

    def resume(self, kind: Kind, data: bytes, branch: int) -> tuple[_core.Snapshot, Provenance, _core.Settings]:
        """Plan the rest of a stream or session from its snapshot.

        Raises
        ------
        SnapshotError
            As for `read`.
        ValueError
            `branch` is out of range.
        """
        before = self.read(kind, data)
        provenance = before.provenance.after(before.core.events, branch)
        return before.core, provenance, self.core_settings(provenance)

    def provenance(
        self,
        source: bytes | None,
        settings: Settings,
        candidate: int = 0,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
    ) -> Provenance:
        """Return the provenance of a piece of this model; `source` has the bytes of its seed."""
        return Provenance(
            version=version("longplay"),
            model=self._model.name,
            model_hash=self._model.hash,
            seed_hash=None if source is None else hashlib.sha256(source).hexdigest(),
            candidate=candidate,
            settings=settings,
            index_hash=None if avoid is None else avoid.hash,
            seed_style=None if source is None else self.seed_style(source, settings, cancel),
        )

    def sampling(self, settings: Settings) -> dict[str, dict[str, float]]:
        """Return the sampling options of each field that filter or bend the model's distribution."""
        names = [str(field["name"]) for field in self._model.folder.config["fields"]]
        params = field_params(settings, self._model.folder.config)
        options = {
            field: {name: getattr(one, name) for name, off in SAMPLING_OFF.items() if getattr(one, name) != off}
            for field, one in zip(names, params, strict=True)
        }
        return {field: used for field, used in options.items() if used}

    def core_settings(
        self, provenance: Provenance, keep_seconds: float | None = None, avoid: Index | None = None
    ) -> _core.Settings:
        """Return the settings of a provenance as the core takes them, for this model."""
        return core_settings(
            provenance.settings_now,
            self._model.folder.config,
            candidate=provenance.candidate,
            keep_seconds=keep_seconds,
            avoid=avoid,
        )

    def read(self, kind: Kind, data: bytes) -> Snapshot:
        """Read a snapshot of this model.

        Raises
        ------
        SnapshotError
            The bytes are damaged, or are not a snapshot of this kind and model.
        """
        snapshot = Snapshot.from_bytes(data, kind, self._model.hash, self.fields)
        try:
            self.core_settings(snapshot.provenance)
        except (TypeError, ValueError) as problem:
            raise SnapshotError(f"the snapshot's settings are not valid: {problem}") from problem
        return snapshot


def _sketch_task(sketch: Sketch, provenance: Provenance, settings: _core.Settings) -> _core.SketchTask:
    return _core.SketchTask(
        notes=sketch.notes,
        free=sketch.free,
        slack_ms=sketch.slack_ms,
        open=sketch.open_ms,
        added_per_second=sketch.added_per_second,
        particles=require_instance("sketch", provenance.sketch, SketchOrigin).particles,
        settings=settings,
    )
