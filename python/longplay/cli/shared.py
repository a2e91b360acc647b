"""Parts that several commands share: options, an engine, a progress bar, warnings."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TextIO

import typer

from longplay.cli.manners import manners

if TYPE_CHECKING:
    from longplay.engine import Engine, Progress
    from longplay.farm import FarmProgress, OnProgress
    from longplay.midi import MidiSource
    from longplay.originality import Index


def path_argument(**settings: Any) -> Any:
    """Declare an argument that is a path. Opening it shows what is wrong, and whether it need be readable."""
    return typer.Argument(readable=False, **settings)


def path_option(*names: str, **settings: Any) -> Any:
    """Declare an option that is a path, as `path_argument`."""
    return typer.Option(*names, readable=False, **settings)


ModelOption = Annotated[str | None, typer.Option(help="Model folder, or the name of a built-in model.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
ThreadsOption = Annotated[int, typer.Option(min=0, help="Number of threads; 0 for one on each core.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AvoidOption = Annotated[Path | None, path_option(help="Index of a training set (`originality-index`) not to quote.")]


LINE_SECONDS = 60.0
"""Seconds between two lines about progress, where stderr is no terminal."""

MIDI_SUFFIXES = (".mid", ".midi")
STANDARD = Path("-")
"""The path that means stdin as an input, and stdout as an output."""


def open_engine(model: str | None, device: str, threads: int) -> Engine:
    """Return the engine for the options of a command."""
    from longplay import Engine

    return Engine(model, device, threads)


def open_index(path: Path) -> Index:
    """Return the index of a training set."""
    from longplay.originality import Index

    return Index.open(path)


def midi_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files that paths name: MIDI files of folders, files that match a pattern such as ``*.mid``, others.

    Raises
    ------
    OSError, ValueError
        A folder has no MIDI files or cannot be read, or no file matches a pattern.
    """
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.suffix.lower() in MIDI_SUFFIXES)
        elif set("*?[") & set(str(path)) and not path.exists():
            inside = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        if not inside:
            raise ValueError(f"{path} names no MIDI files. To fix this, name a file, or a folder that has some")
        found += inside
    return found


def midi_input(path: Path) -> MidiSource:
    """Return a MIDI file that a command reads: its path, or the bytes of stdin."""
    if path != STANDARD:
        return path
    from longplay._core import MAX_MIDI_BYTES

    return _binary("stdin").read(MAX_MIDI_BYTES + 1)  # too many are refused with the others


@contextmanager
def blaming(path: Path | None) -> Iterator[None]:
    """Name a MIDI file that a command reads in the error about its bytes, and say what to do."""
    from longplay._core import MidiError

    try:
        yield
    except MidiError as error:
        if path is None:
            raise
        name = "stdin" if path == STANDARD else path
        raise MidiError(f"{name}: {error}. To fix this, give a Standard MIDI File (.mid)") from None


def _binary(name: str) -> BinaryIO:
    """Return a standard stream for bytes; raise OSError if the program was started without it."""
    stream: TextIO | None = getattr(sys, name)
    if stream is None:
        raise OSError(errno.EBADF, f"{name} is closed")
    return stream.buffer


def write_output(path: Path, data: bytes, force: bool) -> TextIO:
    """Write the output of a command to its file or to stdout; return the stream for its messages."""
    from longplay.files import write_whole

    if path != STANDARD:
        write_whole(path, data, overwrite=force)
        return sys.stdout
    stdout = _binary("stdout")
    stdout.write(data)
    stdout.flush()
    return sys.stderr


def require_outputs(paths: Iterable[Path], force: bool, suffixes: Collection[str] = ()) -> None:
    """Raise OSError or ValueError for the first file that cannot be written, before there is work to lose.

    Without `force`, no file may exist. A new or regular file must have one of the suffixes, if there are any.
    """
    for path in paths:
        if path == STANDARD:
            continue
        exists = os.path.lexists(path)
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder. To fix this, give the name of a file")
        if exists and not force:
            raise FileExistsError(f"{path} exists. To overwrite it, give --force")
        if path.exists() and not path.is_file():
            continue  # a device or a pipe
        if suffixes and path.suffix.lower() not in suffixes:
            raise ValueError(f"the name of the output must end in {' or '.join(suffixes)}, not {path.name!r}")
        with suppress(FileNotFoundError):
            path.stat()  # refuses a circle of links, and a name that is too long
        _require_room(Path(os.path.realpath(path)) if exists else path)


def _require_room(path: Path) -> None:
    """Raise OSError if the folder of a file does not exist or takes no file of that name."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist. To fix this, create it")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {path.parent} cannot be written to")
    with suppress(FileNotFoundError):
        os.lstat(path)  # refuses a name that is too long


def warn(warnings: Iterable[str], path: Path | None = None) -> None:
    """Print warnings to stderr, with the file that they are about."""
    from longplay._base.text import one_line

    if manners.quiet:
        return
    for warning in warnings:
        line = warning if path is None else f"{path}: {warning}"
        print(f"longplay: {one_line(line)}", file=sys.stderr)


@contextmanager
def progress_bar(unit: str = "s of music") -> Iterator[Progress]:
    """Show a progress bar with the amount of work and the time left."""
    with _bar() as bar:
        yield lambda made, total: bar(made, total, f"{made:.0f} of {total:.0f} {unit}")


@contextmanager
def farm_bar() -> Iterator[OnProgress]:
    """Show the progress bar of a farm, with pieces, notes/s and the time left."""
    start = time.monotonic()
    with _bar() as bar:

        def show(now: FarmProgress) -> None:
            rate = now.drawn / (time.monotonic() - start)
            bar(now.seconds, now.total_seconds, f"{now.pieces} of {now.count} pieces, {rate:,.0f} notes/s,")

        yield show


@contextmanager
def _bar() -> Iterator[Callable[[float, float, str], None]]:
    """Show a bar with a text and the time left on stderr; a line a minute if stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if manners.quiet:
        yield lambda made, total, text: None
    elif not console.is_terminal:
        yield _lines(time.monotonic)
    else:
        columns = (BarColumn(), TextColumn("{task.fields[made]}"), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=None, made="")
            yield lambda made, total, text: bar.update(task, completed=made, total=total, made=text)


def _lines(clock: Callable[[], float]) -> Callable[[float, float, str], None]:
    """Return a function that prints its text to stderr, but not more often than every `LINE_SECONDS`."""
    last = clock()

    def show(made: float, total: float, text: str) -> None:
        nonlocal last
        if clock() - last >= LINE_SECONDS:
            last = clock()
            print(f"longplay: {text.rstrip(',')}", file=sys.stderr, flush=True)

    return show
