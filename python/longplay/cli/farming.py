"""The command that makes many candidates and keeps the best."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longplay.cli.shared import (
    AvoidOption,
    DeviceOption,
    GuidanceOption,
    IncludeSeedOption,
    JsonOption,
    ModelOption,
    RandomSeedOption,
    SecondsOption,
    StyleOption,
    TemperatureOption,
    ThreadsOption,
    TopPOption,
    asked_settings,
    complain,
    open_engine,
    open_index,
)

if TYPE_CHECKING:
    from longplay.farm import OnProgress, Ranked

CountOption = Annotated[int, typer.Option(help="Candidates of each seed.")]
KeepOption = Annotated[int | None, typer.Option(help="How many of the best keep their files; by default all.")]
RayOption = Annotated[str | None, typer.Option(help="Ray cluster to work on: its address, or local.")]


def batch(
    seeds: Annotated[list[Path], typer.Argument(help="MIDI files to answer.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("longplay"),
    count: CountOption = 1,
    seconds: SecondsOption = 3600.0,
    keep: KeepOption = None,
    random_seed: RandomSeedOption = 0,
    temperature: TemperatureOption = None,
    top_p: TopPOption = None,
    style: StyleOption = None,
    guidance_scale: GuidanceOption = 3.0,
    include_seed: IncludeSeedOption = False,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    ray: RayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make many candidates, rank them, keep the best. Given again after any interruption, it goes on."""
    from longplay.farm import Farm

    if ray is not None and device.startswith("cuda"):
        raise ValueError(f"device must be auto or cpu with --ray, not {device!r}")
    engine = open_engine(model, device, threads)
    index = None if avoid is None else open_index(avoid)
    settings = asked_settings(random_seed, temperature, top_p, style, guidance_scale, include_seed)
    try:
        with (
            Farm(engine, out, seeds, count, seconds, keep=keep, avoid=index, **settings) as farm,
            _farm_bar() as progress,
        ):
            if ray is None:
                ranking = farm.run(progress)
            else:
                from longplay.farm.cluster import Cluster

                with Cluster(ray, model, threads or 1, avoid) as cluster:
                    ranking = farm.run(progress, cluster)
    except KeyboardInterrupt:
        print(f"longplay: stopped; the same command goes on in {out}", file=sys.stderr)
        raise
    for name, warnings in farm.warnings.items():
        complain(warnings, Path(name))
    if as_json:
        for ranked in ranking:
            if ranked.kept:
                made = farm.plan.made_of(ranked.number).as_dict()
                print(
                    json.dumps(
                        {**ranked.as_dict(), "file": str(out / ranked.file), "seconds": seconds, "provenance": made}
                    )
                )
    else:
        _print_table([ranked for ranked in ranking if ranked.kept], len(ranking), avoid is not None)


@contextmanager
def _farm_bar() -> Iterator[OnProgress]:
    """A bar on stderr with pieces, notes/s and time left; nothing where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from longplay.farm import FarmProgress

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.fields[made]}"), TimeRemainingColumn())
    start = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, made="")

        def show(now: FarmProgress) -> None:
            rate = now.drawn / (time.monotonic() - start)
            made = f"{now.pieces} of {now.count} pieces, {rate:,.0f} notes/s,"
            bar.update(task, completed=now.seconds, total=now.whole, made=made)

        yield show


def _print_table(kept: Sequence[Ranked], count: int, avoids: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from longplay.farm import COLUMNS

    headings = {name: name.replace("_probability", " p").replace("_", " ") for name in COLUMNS}
    footnotes = [f"{headings[name]}: {meaning}." for name, meaning in COLUMNS.items()]
    if avoids:
        footnotes.append("refusals: notes that would have quoted and were drawn again.")
    footnote = "\n".join(footnotes)
    caption = f"The best {len(kept)} of {count} by the mean of their ranks in four columns.\n{footnote}"
    table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left", caption_style="dim")
    table.add_column(justify="right", no_wrap=True)
    table.add_column("file", overflow="fold")
    told = ("notes", "refusals") if avoids else ("notes",)
    for heading in (*told, *headings.values(), "mean rank"):
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True)
    for ranked in kept:
        values = [getattr(ranked.measures, name) for name in COLUMNS]
        numbers = ["-" if value is None else f"{value:.3f}" for value in values]
        counts = [str(getattr(ranked.measures, name)) for name in told]
        table.add_row(str(ranked.place), ranked.file, *counts, *numbers, f"{ranked.mean_rank:.1f}")
    Console().print(table)
