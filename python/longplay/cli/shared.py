"""What several commands share: options, settings, an engine, a progress bar, complaints."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from longplay.engine import Engine, Progress
    from longplay.farm import FarmProgress, OnProgress
    from longplay.originality import Index
    from longplay.settings import SettingsArguments

ModelOption = Annotated[str | None, typer.Option(help="Model folder, or the name of a built-in model.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
ThreadsOption = Annotated[int, typer.Option(min=0, help="Threads; 0 takes one per core.")]
RandomSeedOption = Annotated[int, typer.Option(help="The same number makes the same music.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over files that exist.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SecondsOption = Annotated[float, typer.Option(help="Length of the music, exact to the millisecond.")]
TemperatureOption = Annotated[
    float | None, typer.Option(help="Above 1 more adventurous, below 1 tamer; the model's own unless given.")
]
TopPOption = Annotated[
    float | None,
    typer.Option(help="Draw from the likeliest ids that reach this probability; the model's own unless given."),
]
StyleOption = Annotated[str | None, typer.Option(help="One of the model's styles; `doctor` lists them.")]
GuidanceOption = Annotated[float, typer.Option("--guidance-scale", help="How closely to follow the style, from 1.")]
AvoidOption = Annotated[Path | None, typer.Option(help="Index of a training set (`originality-index`) not to quote.")]
IncludeSeedOption = Annotated[bool, typer.Option("--include-seed", help="Begin with the seed itself.")]


def open_engine(model: str | None, device: str, threads: int) -> Engine:
    """An engine for the options of a command."""
    from longplay import Engine

    return Engine(model, device, threads)


def open_index(path: Path) -> Index:
    """An index of a training set."""
    from longplay.originality import Index

    return Index.open(path)


def asked_settings(
    random_seed: int,
    temperature: float | None,
    top_p: float | None,
    style: str | None,
    guidance_scale: float,
    include_seed: bool,
) -> SettingsArguments:
    """The settings that options name."""
    return {
        "random_seed": random_seed,
        "temperature": temperature,
        "top_p": top_p,
        "style": style,
        "guidance_scale": guidance_scale,
        "include_seed": include_seed,
    }


def refuse_existing(paths: Iterable[Path], force: bool) -> None:
    """Raise FileExistsError for the first file that exists, unless forced."""
    for path in paths:
        if path.exists() and not force:
            raise FileExistsError(f"{path} exists; --force writes over it")


def complain(warnings: Iterable[str], path: Path) -> None:
    """Print warnings about a file to stderr."""
    for warning in warnings:
        print(f"longplay: {path}: {warning}", file=sys.stderr)


@contextmanager
def progress_bar(unit: str = "s of music") -> Iterator[Progress]:
    """A bar while work is being done: how much of it, and the time left."""
    with _bar() as bar:
        yield lambda made, whole: bar(made, whole, f"{made:.0f} of {whole:.0f} {unit}")


@contextmanager
def farm_bar() -> Iterator[OnProgress]:
    """A bar while a farm is at work: pieces, notes/s, and the time left."""
    start = time.monotonic()
    with _bar() as bar:

        def show(now: FarmProgress) -> None:
            rate = now.drawn / (time.monotonic() - start)
            bar(now.seconds, now.whole, f"{now.pieces} of {now.count} pieces, {rate:,.0f} notes/s,")

        yield show


@contextmanager
def _bar() -> Iterator[Callable[[float, float, str], None]]:
    """A bar on stderr, a text and the time left beside it; nothing where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.fields[made]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, made="")
        yield lambda made, whole, text: bar.update(task, completed=made, total=whole, made=text)
