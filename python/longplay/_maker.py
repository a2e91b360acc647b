"""From what is asked for to a job that makes it."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version

from longplay import _core
from longplay._core import SnapshotError
from longplay._making.job import Task
from longplay._making.snapshot import Kind, Snapshot
from longplay._model.opened import OpenModel
from longplay.midi import Seed, midi_bytes
from longplay.originality.index import Index
from longplay.provenance import Provenance
from longplay.settings import Settings, SettingsArguments, core_settings


class Maker(OpenModel):
    """What an `Engine` makes pieces with: tasks and the jobs that do them."""

    def task(self, seed: Seed, settings: Settings, candidate: int, avoid: Index | None = None) -> Task:
        """A piece to be made from its beginning, for `start`."""
        source = None if seed is None else midi_bytes(seed)
        return Task(self._provenance(source, settings, candidate, avoid), source)

    def task_after(self, snapshot: bytes) -> Task:
        """A piece to be gone on with from where it stood, to the length it was begun with; for `start`."""
        before = self._read("piece", snapshot)
        return Task(before.provenance, before)

    def start(self, tasks: Iterable[Task], keep_seconds: float | None, avoid: Index | None = None) -> _core.Job:
        """Begin to make pieces: what `generate_batch`, `extend_batch` and the farm wait for.

        Parameters
        ----------
        tasks : iterable of Task
        keep_seconds : float or None
            How much music a piece makes from one snapshot to the next; None for no snapshots.
        avoid : Index, optional
            The one that all of them avoid.

        Returns
        -------
        Job
            Task ``i`` is its candidate ``i``; `Job.stop` ends it.

        Raises
        ------
        MidiError, SnapshotError, ValueError
            As for `generate_batch` and `extend`.
        """
        core_tasks: list[_core.GenerateTask | _core.Extension] = []
        for task in tasks:
            task.made.check_index(avoid)
            settings = self._core_settings(task.made, keep_seconds, avoid)
            if isinstance(task.before, Snapshot):
                core_tasks.append(task.before.extension(settings))
            else:
                core_tasks.append(_core.GenerateTask(task.before, settings))
        return self._core_for(len(core_tasks)).start(core_tasks)

    def _begin(self, seed: Seed, settings: SettingsArguments) -> tuple[bytes | None, Provenance]:
        source = None if seed is None else midi_bytes(seed)
        return source, self._provenance(source, Settings(**settings))

    def _resume(self, kind: Kind, data: bytes, branch: int) -> tuple[_core.Snapshot, Provenance, _core.Settings]:
        before = self._read(kind, data)
        made = before.provenance.after(before.core.events, branch)
        return before.core, made, self._core_settings(made)

    def _provenance(
        self, source: bytes | None, settings: Settings, candidate: int = 0, avoid: Index | None = None
    ) -> Provenance:
        return Provenance(
            version=version("longplay"),
            model=self.model_name,
            model_hash=self.model_hash,
            seed_hash=None if source is None else hashlib.sha256(source).hexdigest(),
            candidate=candidate,
            settings=settings,
            index_hash=None if avoid is None else avoid.hash,
        )

    def _core_settings(
        self, made: Provenance, keep_seconds: float | None = None, avoid: Index | None = None
    ) -> _core.Settings:
        return core_settings(
            made.settings_now, self._model.config, candidate=made.candidate, keep_seconds=keep_seconds, avoid=avoid
        )

    def _read(self, kind: Kind, data: bytes) -> Snapshot:
        snapshot = Snapshot.from_bytes(data, kind, self.model_hash)
        try:
            self._core_settings(snapshot.provenance)
        except (TypeError, ValueError) as problem:
            raise SnapshotError(f"the snapshot's settings make no sense: {problem}") from problem
        return snapshot
