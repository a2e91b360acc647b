"""The command line: arguments in, files out, one line when it fails.

Results go to stdout, progress and complaints to stderr. Exit status: 0 done, 1 failed, 2 misused, 130 interrupted.
Heavy imports wait until a command runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from longplay.engine import Engine, Progress
    from longplay.piece import Piece
    from longplay.settings import SettingsArguments

app = typer.Typer(
    help="An hour of piano that answers a seed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ModelOption = Annotated[str | None, typer.Option(help="Model folder, or the name of a built-in model.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
ThreadsOption = Annotated[int, typer.Option(min=0, help="Threads; 0 takes one per core.")]
SecondsOption = Annotated[float, typer.Option(help="Length of the music, exact to the millisecond.")]
RandomSeedOption = Annotated[int, typer.Option(help="The same number makes the same music.")]
TemperatureOption = Annotated[float, typer.Option(help="Above 1 more adventurous, below 1 tamer.")]
TopPOption = Annotated[
    float | None,
    typer.Option(help="Draw from the likeliest ids that reach this probability; differs by field unless given."),
]
StyleOption = Annotated[str | None, typer.Option(help="One of the model's styles; `doctor` lists them.")]
IncludeSeedOption = Annotated[bool, typer.Option("--include-seed", help="Begin with the seed itself.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over files that exist.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def generate(
    seed: Annotated[Path | None, typer.Argument(help="MIDI file to answer; without one, a piece from nothing.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")] = Path("longplay.mid"),
    seconds: SecondsOption = 3600.0,
    random_seed: RandomSeedOption = 0,
    temperature: TemperatureOption = 1.0,
    top_p: TopPOption = None,
    style: StyleOption = None,
    include_seed: IncludeSeedOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make one piece that answers a seed."""
    settings = _settings(random_seed, temperature, top_p, style, include_seed)
    _make([seed], [out], seconds, settings, (model, device, threads), force, as_json)


@app.command()
def batch(
    seeds: Annotated[list[Path], typer.Argument(help="MIDI files to answer.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("longplay"),
    count: Annotated[int, typer.Option(min=1, help="Answers to each seed.")] = 1,
    seconds: SecondsOption = 3600.0,
    random_seed: RandomSeedOption = 0,
    temperature: TemperatureOption = 1.0,
    top_p: TopPOption = None,
    style: StyleOption = None,
    include_seed: IncludeSeedOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make many pieces at once, named after their seeds and numbered as candidates."""
    sources = [seed for seed in seeds for _ in range(count)]
    paths = [out / f"{seed.stem}-{candidate:04d}.mid" for candidate, seed in enumerate(sources)]
    settings = _settings(random_seed, temperature, top_p, style, include_seed)
    out.mkdir(parents=True, exist_ok=True)
    _make(sources, paths, seconds, settings, (model, device, threads), force, as_json)


@app.command()
def score(
    files: Annotated[list[Path], typer.Argument(help="MIDI files to score.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Tell how likely a model finds files: nats per note, in total and per field."""
    engine = _engine(model, device, 1)
    for file in files:
        scored = engine.score(file)
        _complain(scored.warnings, file)
        if as_json:
            # JSON has no NaN: a file without notes has no mean.
            fields = {name: nats if scored.notes else None for name, nats in scored.fields.items()}
            total = scored.total if scored.notes else None
            print(json.dumps({"file": str(file), "notes": scored.notes, "total": total, "fields": fields}))
        else:
            fields_text = "  ".join(f"{name} {nats:.3f}" for name, nats in scored.fields.items())
            print(f"{file}: {scored.notes} notes, {scored.total:.3f} nats/note  ({fields_text})")


@app.command()
def doctor(model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Tell what works here: versions, devices that really start, the model."""
    from longplay.doctor import examine

    report = examine(model)
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        for name, value in report.items():
            print(f"{name:12} {', '.join(value) if isinstance(value, list) else value}")
    if report["cpu"] != "works":
        raise typer.Exit(1)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib.metadata import version as version_of

        print(version_of("longplay"))
        raise typer.Exit


def _engine(model: str | None, device: str, threads: int) -> Engine:
    from longplay import Engine

    return Engine(model, device, threads)  # type: ignore[arg-type]  # the engine checks the name


def _settings(
    random_seed: int, temperature: float, top_p: float | None, style: str | None, include_seed: bool
) -> SettingsArguments:
    settings: SettingsArguments = {
        "random_seed": random_seed,
        "temperature": temperature,
        "style": style,
        "include_seed": include_seed,
    }
    if top_p is not None:
        settings["top_p"] = top_p
    return settings


def _make(
    seeds: Sequence[Path | None],
    paths: Sequence[Path],
    seconds: float,
    settings: SettingsArguments,
    engine: tuple[str | None, str, int],
    force: bool,
    as_json: bool,
) -> None:
    """Answer each seed and save the piece under its path as soon as it is done."""
    for path in paths:
        if path.exists() and not force:
            raise FileExistsError(f"{path} exists; --force writes over it")
    maker = _engine(*engine)
    with _progress_bar() as progress:
        pieces = maker.generate_batch(seeds, seconds, progress=progress, **settings)
        for path, piece in zip(paths, pieces, strict=True):
            _save(piece, path, force, as_json)


def _save(piece: Piece, path: Path, force: bool, as_json: bool) -> None:
    _complain(piece.warnings, path)
    piece.save(path, overwrite=force)
    if as_json:
        result: dict[str, Any] = {"file": str(path), "seconds": piece.duration, "notes": len(piece.notes)}
        print(json.dumps(result | {"provenance": piece.provenance.as_dict()}), flush=True)
    else:
        print(path, flush=True)


def _complain(warnings: tuple[str, ...], path: Path) -> None:
    for warning in warnings:
        print(f"longplay: {path}: {warning}", file=sys.stderr)


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar on stderr while music is being made; nothing where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.fields[made]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, made="")

        def show(made: float, whole: float) -> None:
            bar.update(task, completed=made, total=whole, made=f"{made:.0f} of {whole:.0f} s of music")

        yield show


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        app()
    except Exception as error:
        from longplay._core import Error

        if not isinstance(error, Error | OSError | ValueError):
            raise  # a bug: show where
        print(f"longplay: {error}", file=sys.stderr)
        sys.exit(1)
