"""A farm: many candidates, made through any number of kills, of which the best are kept.

>>> import longplay
>>> from longplay.farm import Farm
>>> with Farm(longplay.Engine(), "candidates", ["seed.mid"], count=256, seconds=3600, keep=16) as farm:
...     best = farm.run()[0]
"""

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, Unpack

from longplay._core import Error
from longplay.engine import Engine
from longplay.farm.making import Kept, Made, News, Order, Work, work
from longplay.farm.manifest import Manifest
from longplay.farm.measures import COLUMNS, Measures
from longplay.farm.plan import Plan, PlannedSeed
from longplay.farm.ranking import Ranked, order
from longplay.files import write_whole
from longplay.originality.index import Index
from longplay.provenance import Provenance
from longplay.settings import Settings, SettingsArguments

__all__ = ["COLUMNS", "Farm", "FarmProgress", "Measures", "Ranked"]


@dataclass(frozen=True)
class FarmProgress:
    """How far a farm has come: pieces done, of how many; seconds of music, of how many; events drawn in this run."""

    pieces: int
    count: int
    seconds: float
    whole: float
    drawn: int


OnProgress: TypeAlias = Callable[[FarmProgress], None]


class Farm:
    """Candidates in a folder: their MIDI files, a manifest, and at last a ranking.

    Candidate ``i`` answers seed ``i // count`` and is drawn with random numbers that depend on ``(random_seed, i)``
    alone: it is piece ``i`` of `Engine.generate_batch` with the same seeds, each `count` times. A farm may be killed
    at any moment; opened again with the same arguments, it goes on from the last snapshots.

    Parameters
    ----------
    engine : Engine
        What makes the candidates.
    folder : path or str
        Made if need be.
    seeds : sequence of path or str
        MIDI files to answer.
    count : int
        Candidates of each seed.
    seconds : float
        Length of a candidate, in [1, 86400].
    keep : int, optional
        How many of the best keep their files; by default all. It may differ from one run to the next.
    avoid : Index, optional
        As for `Engine.generate`.
    **settings
        As for `Engine.generate`.

    Attributes
    ----------
    plan : Plan
        What is made.
    warnings : dict of str to tuple of str
        What was odd about seeds, by their names.

    Raises
    ------
    Error
        The folder holds the farm of other arguments, or files of other origin under its names, or another process is
        at work in it.
    OSError
        A seed cannot be opened.
    ValueError
        An argument is out of range.
    """

    def __init__(
        self,
        engine: Engine,
        folder: str | Path,
        seeds: Sequence[str | Path],
        count: int = 1,
        seconds: float = 3600.0,
        *,
        keep: int | None = None,
        avoid: Index | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> None:
        if keep is not None and keep < 1:
            raise ValueError(f"keep must be at least 1, not {keep}")
        asked = Settings(seconds=seconds, **settings)
        planned = [PlannedSeed.read(seed) for seed in seeds]
        self.plan = Plan(planned, count, engine.task(None, asked, 0, avoid).made)
        self._engine, self._avoid = engine, avoid
        self._folder = Path(folder)
        self._keep = len(self.plan) if keep is None else keep
        self.warnings: dict[str, tuple[str, ...]] = {}
        engine.start(
            [engine.task(seed.data, asked, 0, avoid) for seed in planned], None, avoid
        ).stop()  # bad input shows now
        self._folder.mkdir(parents=True, exist_ok=True)
        manifest = self._folder / "manifest.sqlite"
        if not manifest.exists() and (files := [path for path in self._paths() if path.exists()]):
            raise Error(f"{files[0]} exists and is of no farm: give another folder")
        self._manifest = Manifest(manifest, self.plan.as_dict())
        for left_over in self._folder.glob(".*.part"):
            left_over.unlink()

    def __enter__(self) -> "Farm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes have the folder."""
        self._manifest.close()

    def path(self, number: int) -> Path:
        """Where a candidate's MIDI file lies, if it is kept."""
        return self._folder / self.plan.file(number)

    def run(self, progress: OnProgress | None = None, work_with: Work | None = None) -> list[Ranked]:
        """Make what is missing, rank all, keep the best, and write ``ranking.json``.

        Parameters
        ----------
        progress : callable, optional
            Called with a `FarmProgress` whenever there is news, every few seconds.
        work_with : callable, optional
            Who does the work; by default the engine, in this process. `longplay.farm.cluster` has another.

        Returns
        -------
        list of Ranked
            The best first.
        """
        labour = partial(_work_here, self._engine, self._avoid) if work_with is None else work_with
        done = self._manifest.measured()
        self._make([number for number in range(len(self.plan)) if number not in done], labour, progress)
        ranking = self._rank()
        gone = [ranked.number for ranked in ranking if ranked.kept and not self._is_there(ranked)]
        self._make(gone, labour, progress)  # their files were lost, or not kept in an earlier run
        for ranked in ranking:
            if not ranked.kept:
                self.path(ranked.number).unlink(missing_ok=True)
        self._manifest.compact()
        report = {
            "farm": self.plan.as_dict(),
            "columns": dict(COLUMNS),
            "candidates": [{**ranked.as_dict(), "provenance": self._made(ranked)} for ranked in ranking],
        }
        write_whole(self._folder / "ranking.json", json.dumps(report, indent=1).encode(), overwrite=True)
        return ranking

    def snapshot(self, number: int) -> bytes | None:
        """Where a candidate under way stood at last, for `Engine.extend`; None if it has not begun or is done."""
        return self._manifest.snapshot(number, self._engine.model_hash)

    def _made(self, ranked: Ranked) -> dict[str, Any]:
        return self.plan.made_of(ranked.number).as_dict()

    def _paths(self) -> Iterator[Path]:
        return (self.path(number) for number in range(len(self.plan)))

    def _order(self, number: int) -> Order:
        seed = self.plan.seed(number)
        return Order(number, seed.data, seed.notes, self.snapshot(number))

    def _make(self, numbers: Sequence[int], labour: Work, progress: OnProgress | None) -> None:
        if not numbers:
            return
        whole_ms = self.plan.made.settings.milliseconds
        made_ms = dict.fromkeys(range(len(self.plan)), whole_ms) | dict.fromkeys(numbers, 0)
        under_way = self._manifest.under_way()
        made_ms |= {number: under_way[number] for number in numbers if number in under_way}
        drawn = 0
        with closing(labour(self.plan.made, numbers, self._order)) as told:  # whatever happens, work stops
            for news in told:
                self._manifest.keep([item for item in news if isinstance(item, Kept)])
                for item in news:
                    drawn += item.drawn
                    if isinstance(item, Kept):
                        made_ms[item.number] = item.made_ms
                    else:
                        made_ms[item.number] = whole_ms
                        self._file(item)
                if progress is not None:
                    pieces = sum(made == whole_ms for made in made_ms.values())
                    seconds, whole = sum(made_ms.values()) / 1000, whole_ms * len(self.plan) / 1000
                    progress(FarmProgress(pieces, len(self.plan), seconds, whole, drawn))

    def _file(self, made: Made) -> None:
        if made.warnings:
            self.warnings[self.plan.seed(made.number).name] = made.warnings
        write_whole(self.path(made.number), made.midi, overwrite=True)
        self._manifest.finish(made, self.plan.file(made.number), hashlib.sha256(made.midi).hexdigest())

    def _rank(self) -> list[Ranked]:
        measured = self._manifest.measured()
        return [
            Ranked(
                place=place,
                number=number,
                file=self.plan.file(number),
                seed=self.plan.seed(number).name,
                kept=place <= self._keep,
                measures=measured[number],
                mean_rank=mean_rank,
            )
            for place, (number, mean_rank) in enumerate(order(measured), start=1)
        ]

    def _is_there(self, ranked: Ranked) -> bool:
        path = self.path(ranked.number)
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == self._manifest.sha256(ranked.number)


def _work_here(
    engine: Engine, avoid: Index | None, made: Provenance, numbers: Sequence[int], order_of: Callable[[int], Order]
) -> Generator[News, None, None]:
    return work(engine, made.settings, [order_of(number) for number in numbers], avoid)
