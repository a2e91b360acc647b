"""A farm: make many candidates, resume after any interruption, and keep the best.

>>> import longplay
>>> from longplay.farm import Farm
>>> with Farm(longplay.Engine(), "candidates", ["seed.mid"], count=256, seconds=3600, keep=16) as farm:
...     best = farm.run()[0]
"""

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, Unpack

from longplay._base.cancel import Cancel, require_cancel, until
from longplay._base.require import require_callable, require_instance, require_integer, require_list, require_path
from longplay._core import Error
from longplay.engine import Engine, planner_of
from longplay.farm.manifest import Manifest
from longplay.farm.measures import COLUMNS, KEY_COLUMNS, Measures
from longplay.farm.plan import Plan, PlannedSeed
from longplay.farm.ranking import Ranked, order
from longplay.farm.worker import Checkpoint, Finished, Update, Worker, WorkItem, work
from longplay.files import remove_leftovers, write_whole
from longplay.originality.index import Index
from longplay.provenance import Provenance
from longplay.settings import DEFAULT_SECONDS, SettingsArguments, settings_from

__all__ = ["COLUMNS", "Farm", "FarmProgress", "Measures", "Ranked"]

_RANKING = "ranking.json"
_REPORT_FORMAT = 1  # of the ranking


@dataclass(frozen=True)
class FarmProgress:
    """Progress of a farm.

    Attributes
    ----------
    pieces, count : int
        Finished candidates, and all.
    seconds, total_seconds : float
        Seconds of music made, and in total.
    drawn : int
        Events drawn in this run.
    """

    pieces: int
    count: int
    seconds: float
    total_seconds: float
    drawn: int


OnProgress: TypeAlias = Callable[[FarmProgress], None]


class Farm:
    """Make candidates in a folder: MIDI files, a manifest and, at the end, a ranking.

    Candidate ``i`` continues seed ``i // count``. It equals piece ``i`` of `Engine.generate_batch` with the same seeds,
    each repeated `count` times. A farm may be killed at any moment: opened again with the same arguments, it resumes
    from the last snapshots.

    Parameters
    ----------
    engine : Engine
        The engine that makes the candidates.
    folder : path or str
        Folder of the farm, which is created if it does not exist.
    seeds : sequence of path or str
        MIDI files to continue.
    count : int
        Candidates of each seed.
    seconds : float
        Length of a candidate, in [1, 86400]; by default an hour.
    keep : int, optional
        How many of the best keep their files; by default all. Each run may have another number.
    avoid : Index, optional
        As for `Engine.generate`.
    **settings
        As for `Engine.generate`.

    Attributes
    ----------
    plan : Plan
        The work of the farm.
    warnings : dict of str to tuple of str
        Problems of seeds, by the names of their files.

    Raises
    ------
    Error
        The folder holds the farm of other arguments or of another version, or files that are not the farm's; or
        another process works in it.
    OSError
        A seed cannot be opened.
    TypeError, ValueError
        An argument has the wrong type or is out of range.
    """

    def __init__(
        self,
        engine: Engine,
        folder: str | Path,
        seeds: Sequence[str | Path],
        count: int = 1,
        seconds: float = DEFAULT_SECONDS,
        *,
        keep: int | None = None,
        avoid: Index | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> None:
        if keep is not None:
            require_integer("keep", keep, 1)
        if avoid is not None:
            require_instance("avoid", avoid, Index)
        self._folder = require_path("folder", folder)
        chosen = settings_from({"seconds": seconds, **settings})
        planner = planner_of(require_instance("engine", engine, Engine))
        read = [PlannedSeed.read(require_path("seeds", seed)) for seed in require_list("seeds", seeds)]
        planned = [replace(seed, style=planner.seed_style(seed.data, chosen)) for seed in read]
        self.plan = Plan(planned, count, planner.provenance(None, chosen, 0, avoid))
        self._engine, self._avoid = engine, avoid
        self._keep = len(self.plan) if keep is None else keep
        self.warnings: dict[str, tuple[str, ...]] = {}
        tasks = [planner.generate_task(seed.data, chosen, 0, avoid, seed.name) for seed in planned]
        planner.start(tasks, None, avoid).stop()  # refuses bad input before there is a folder
        self._folder.mkdir(parents=True, exist_ok=True)
        manifest = self._folder / "manifest.sqlite"
        if not manifest.exists() and (files := [path for path in self._paths() if path.exists()]):
            raise Error(f"{files[0]} exists, but {self._folder} holds no farm. To fix this, give another folder")
        self._manifest = Manifest(manifest, self.plan.as_dict(), len(self.plan))
        remove_leftovers(self._folder, {_RANKING, *(path.name for path in self._paths())})

    def __enter__(self) -> "Farm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the folder, so that other processes can open it."""
        self._manifest.close()

    def path(self, number: int) -> Path:
        """Return the path of a candidate's MIDI file, which exists if the candidate is kept."""
        return self._folder / self.plan.file(number)

    def run(
        self, progress: OnProgress | None = None, worker: Worker | None = None, *, cancel: Cancel | None = None
    ) -> list[Ranked]:
        """Make the missing candidates, rank all, keep the best, and write ``ranking.json``.

        Parameters
        ----------
        progress : callable, optional
            Called with a `FarmProgress` after each update, every few seconds, and at the end.
        worker : callable, optional
            Makes the candidates; by default the engine does, in this process. `longplay.farm.cluster.Cluster` is
            another worker.
        cancel : threading.Event, optional
            As for `Engine.generate`. A farm that was cancelled resumes in the next run.

        Returns
        -------
        list of Ranked
            The best first.

        Raises
        ------
        Cancelled
            `cancel` is set.
        """
        require_cancel(cancel)
        require_callable("progress", progress)
        require_callable("worker", worker)
        chosen = partial(_work_here, self._engine, self._avoid) if worker is None else worker
        done = self._manifest.measured()
        to_do = [number for number in range(len(self.plan)) if number not in done]
        drawn = self._make(to_do, chosen, progress, cancel)
        ranking = self._rank()
        missing = [ranked.number for ranked in ranking if ranked.kept and not self._is_whole(ranked)]
        # The files of these were lost, or were not kept in an earlier run.
        drawn += self._make(missing, chosen, progress, cancel)
        for ranked in ranking:
            if not ranked.kept:
                self.path(ranked.number).unlink(missing_ok=True)
        self._manifest.compact()
        report = {
            "format": _REPORT_FORMAT,
            "farm": self.plan.as_dict(),
            "columns": {**COLUMNS, **KEY_COLUMNS},
            "candidates": [{**ranked.as_dict(), "provenance": self._provenance(ranked)} for ranked in ranking],
        }
        write_whole(self._folder / _RANKING, json.dumps(report, indent=1).encode(), overwrite=True)
        if progress is not None:
            whole = self.plan.provenance.settings.seconds * len(self.plan)
            progress(FarmProgress(len(self.plan), len(self.plan), whole, whole, drawn))
        return ranking

    def snapshot(self, number: int) -> bytes | None:
        """Return the last snapshot of a candidate in progress, for `Engine.extend`; None for any other candidate."""
        return self._manifest.snapshot(number, self._engine.model_hash, planner_of(self._engine).fields)

    def _provenance(self, ranked: Ranked) -> dict[str, Any]:
        return self.plan.provenance_of(ranked.number).as_dict()

    def _paths(self) -> Iterator[Path]:
        return (self.path(number) for number in range(len(self.plan)))

    def _item(self, number: int) -> WorkItem:
        seed = self.plan.seed(number)
        return WorkItem(number, seed.data, seed.notes, self.snapshot(number))

    def _make(self, numbers: Sequence[int], worker: Worker, progress: OnProgress | None, cancel: Cancel | None) -> int:
        """Make candidates, and return the number of events drawn."""
        if not numbers:
            return 0
        whole_ms = self.plan.provenance.settings.milliseconds
        in_progress = self._manifest.in_progress()
        made_ms = {number: in_progress.get(number, 0) for number in numbers}
        pieces = len(self.plan) - len(numbers)
        all_ms = pieces * whole_ms + sum(made_ms.values())
        drawn = 0
        with closing(worker(self.plan.provenance, numbers, self._item)) as updates:  # stops the worker after an error
            for update in filter(None, until(cancel, updates)):
                self._manifest.save([item for item in update if isinstance(item, Checkpoint)])
                for item in update:
                    drawn += item.drawn
                    now_ms = item.made_ms if isinstance(item, Checkpoint) else whole_ms
                    all_ms += now_ms - made_ms[item.number]
                    made_ms[item.number] = now_ms
                    if isinstance(item, Finished):
                        pieces += 1
                        self._file(item)
                if progress is not None:
                    total = whole_ms * len(self.plan) / 1000
                    progress(FarmProgress(pieces, len(self.plan), all_ms / 1000, total, drawn))
        return drawn

    def _file(self, finished: Finished) -> None:
        if finished.warnings:
            self.warnings[self.plan.seed(finished.number).name] = finished.warnings
        write_whole(self.path(finished.number), finished.midi, overwrite=True)
        self._manifest.finish(finished, self.plan.file(finished.number), hashlib.sha256(finished.midi).hexdigest())

    def _rank(self) -> list[Ranked]:
        measured = self._manifest.measured()
        return [
            Ranked(
                rank=rank,
                number=number,
                file=self.plan.file(number),
                seed=self.plan.seed(number).name,
                kept=rank <= self._keep,
                measures=measured[number],
                mean_rank=mean_rank,
            )
            for rank, (number, mean_rank) in enumerate(order(measured), start=1)
        ]

    def _is_whole(self, ranked: Ranked) -> bool:
        path = self.path(ranked.number)
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self._manifest.sha256(ranked.number)


def _work_here(
    engine: Engine,
    avoid: Index | None,
    provenance: Provenance,
    numbers: Sequence[int],
    item_of: Callable[[int], WorkItem],
) -> Generator[Update, None, None]:
    return work(engine, provenance.settings, [item_of(number) for number in numbers], avoid)
