"""Commands that keep a part of the music: accompany, compose, infill, vary, perform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from longplay.cli.making import OutOption, TargetOption, require_piece_outputs, write_piece
from longplay.cli.settings import takes_settings
from longplay.cli.shared import (
    AvoidOption,
    DeviceOption,
    ForceOption,
    JsonOption,
    ModelOption,
    blaming,
    midi_input,
    open_engine,
    open_index,
    path_argument,
    progress_bar,
)
from longplay.settings import DECLARATIONS, NO_SKETCH_SETTINGS

_SHARED = ("particles", *(name for name in DECLARATIONS if name not in NO_SKETCH_SETTINGS))


_TIME = re.compile(r"(?:(?:(\d+):(?=\d+:))?(\d+):)?(\d+(?:\.\d+)?)", flags=re.ASCII)
_OPTIONS = {"start": "--from", "end": "--to"}
"""The options of the arguments whose names differ from their options."""


def parse_time(text: str | float) -> float:
    """Read a time in seconds, in minutes and seconds such as "0:42", or in hours, minutes and seconds.

    Raises
    ------
    typer.BadParameter
        The text is no time.
    """
    match = _TIME.fullmatch(str(text))
    if match is None:
        raise typer.BadParameter(f"must be a time such as 0:42, 1:02:30 or 42.5, not {text!r}")
    hours, minutes, seconds = match.groups()
    if (minutes and float(seconds) >= 60) or (hours and int(minutes) >= 60):
        raise typer.BadParameter(f"must have less than 60 after each colon, not {text!r}")
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds)


FromOption = Annotated[float, typer.Option("--from", parser=parse_time, metavar="TIME", help="Start of the span.")]
ToOption = Annotated[float, typer.Option("--to", parser=parse_time, metavar="TIME", help="End of the span, excluded.")]
EndOption = Annotated[
    float | None, typer.Option("--to", parser=parse_time, metavar="TIME", help="End of the span; by default the end.")
]


@takes_settings("density", *_SHARED)
def accompany(
    melody: Annotated[Path, path_argument(help="MIDI file with the melody.")],
    out: OutOption = Path("longplay.mid"),
    *,
    settings: dict[str, Any],
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    as_json: JsonOption = False,
    target: TargetOption = "challenge",
) -> None:
    """Accompany a melody, which stays as it is.

    A melody - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    _compose("accompany", melody, out, (), settings, avoid, model, device, force, as_json, target)


@takes_settings("recall", *_SHARED)
def compose(
    form: Annotated[str, typer.Argument(help="Plan of the sections, such as A16sB16sA16s.")],
    seed: Annotated[Path | None, path_argument(help="MIDI file that the first section continues.")] = None,
    out: OutOption = Path("longplay.mid"),
    *,
    settings: dict[str, Any],
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    as_json: JsonOption = False,
    target: TargetOption = "challenge",
) -> None:
    """Compose a piece of sections that return.

    A seed - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    _compose("compose", seed, out, (), settings, avoid, model, device, force, as_json, target, first=(form,))


@takes_settings(*_SHARED)
def infill(
    file: Annotated[Path, path_argument(help="MIDI file with the piece.")],
    out: OutOption = Path("longplay.mid"),
    *,
    start: FromOption,
    end: ToOption,
    settings: dict[str, Any],
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    as_json: JsonOption = False,
    target: TargetOption = "challenge",
) -> None:
    """Replace the notes that start in a span of a piece; all others stay as they are.

    A file - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    _compose("infill", file, out, (start, end), settings, avoid, model, device, force, as_json, target)


@takes_settings("keep", *_SHARED)
def vary(
    file: Annotated[Path, path_argument(help="MIDI file with the piece.")],
    out: OutOption = Path("longplay.mid"),
    *,
    start: FromOption = 0.0,
    end: EndOption = None,
    settings: dict[str, Any],
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    as_json: JsonOption = False,
    target: TargetOption = "challenge",
) -> None:
    """Vary a piece: keep some of its notes, and draw new ones around them.

    A file - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    _compose("vary", file, out, (start, end), settings, avoid, model, device, force, as_json, target)


@takes_settings("slack", *_SHARED)
def perform(
    score: Annotated[Path, path_argument(help="MIDI file with the score.")],
    out: OutOption = Path("longplay.mid"),
    *,
    settings: dict[str, Any],
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    as_json: JsonOption = False,
    target: TargetOption = "challenge",
) -> None:
    """Perform a score: draw velocities, lengths and timing of its notes.

    A score - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    _compose("perform", score, out, (), settings, avoid, model, device, force, as_json, target)


def _compose(
    call: str,
    file: Path | None,
    out: Path,
    span: tuple[float | None, ...],
    settings: dict[str, Any],
    avoid: Path | None,
    model: str | None,
    device: str,
    force: bool,
    as_json: bool,
    target: str,
    first: tuple[str, ...] = (),
) -> None:
    """Run a call of the engine on a file, and write the piece; `first` are the arguments before the file."""
    require_piece_outputs(out, force, target)
    engine = open_engine(model, device, 1)
    index = None if avoid is None else open_index(avoid)
    with progress_bar() as progress, blaming(file), _naming_options():
        source = None if file is None else midi_input(file)
        piece = getattr(engine, call)(*first, source, *span, progress=progress, avoid=index, **settings)
    write_piece(piece, out, force, as_json, target)


@contextmanager
def _naming_options() -> Iterator[None]:
    """Name the options `--from` and `--to` in refusals of the arguments `start` and `end`."""
    try:
        yield
    except ValueError as error:
        name, _, rest = str(error).partition(" must be in ")
        if name not in _OPTIONS:
            raise
        raise ValueError(f"{_OPTIONS[name]} must be in {rest.replace(', not', ' seconds, not')}") from None
