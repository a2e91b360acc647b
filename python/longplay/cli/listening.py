"""Commands for listening: docs/rendering.md, docs/arena.md and docs/studio.md."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longplay.cli.shared import (
    DeviceOption,
    ForceOption,
    ModelOption,
    ThreadsOption,
    blaming,
    midi_input,
    path_argument,
    path_option,
    progress_bar,
    require_outputs,
    warn,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HostOption = Annotated[str, typer.Option(help="Address to serve at; any address but loopback lets others use it.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="Port to serve at; 0 for a free one.")]


def render(
    file: Annotated[Path, path_argument(help="MIDI file to play.")],
    out: Annotated[Path, path_option("--out", "-o", help="Sound file to write: .wav, .flac or .mp3.")],
    soundfont: Annotated[Path | None, path_option(help="SoundFont file; by default one of the system's.")] = None,
    as_heard: Annotated[
        bool,
        typer.Option(
            "--as-heard", help="Play as the challenge's page does: notes ring out, and the gain is velocity / 100."
        ),
    ] = False,
    gain: Annotated[float, typer.Option(help="Loudness.")] = 0.5,
    force: ForceOption = False,
) -> None:
    """Play a MIDI file on a grand piano into a sound file.

    A file - is read from stdin. Needs the extra [render].
    """
    from longplay.render import render

    require_outputs([out], force)
    with progress_bar() as progress, blaming(file):
        render(
            midi_input(file), out, soundfont=soundfont, as_heard=as_heard, gain=gain, overwrite=force, progress=progress
        )
    print(out)


def arena(
    folder: Annotated[Path, path_argument(metavar="DIR", help="Folder of MIDI files and of the votes on them.")],
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    chooser: Annotated[
        str,
        typer.Option(help="informative: pairs whose vote is most informative; uniform: any pair, as in the challenge."),
    ] = "informative",
    export: Annotated[
        Path | None, path_option(help="Write the ranking (.csv) or everything (.json), and do not serve.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Let people vote on clips of MIDI files in the browser, and rank the files.

    Needs the extra [arena].
    """
    from longplay.files import write_whole
    from longplay.pages.arena.export import export_csv, export_json
    from longplay.pages.arena.folder import open_referee

    exporters = {".csv": export_csv, ".json": export_json}
    if export and export.suffix.lower() not in exporters:
        raise ValueError(f"export must end in .csv or .json, not {export}")
    if export:
        require_outputs([export], force)
    with open_referee(folder, chooser, lambda warning: warn([warning])) as referee:
        if export:
            write_whole(export, exporters[export.suffix.lower()](referee).encode(), overwrite=force)
            print(export)
            return
        with _extra("arena"):
            from longplay.pages.arena.app import create_app
        app = create_app(referee, clock=time.time, hosts=[host.lower()])
        _serve(app, host, port, "can vote and see the ranking")


def studio(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
) -> None:
    """Play with longplay in the browser: give a seed, hear the answer, choose, change and download it.

    Needs the extra [studio].
    """
    with _extra("studio"):
        from longplay.pages.studio.app import create_app
    from longplay.pages.studio.engines import Engines

    app = create_app(Engines(model, device, threads), clock=time.monotonic, hosts=[host.lower()])
    _serve(app, host, port, "can use the studio, and this machine's time with it")


@contextmanager
def _extra(extra: str) -> Iterator[None]:
    """Explain which extra of longplay installs a package that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        from longplay._base.extras import missing_extra

        raise missing_extra(str(error.name).partition(".")[0], extra) from error


def _serve(app: ASGIApp, host: str, port: int, risk: str) -> None:
    from longplay.pages.server import LOOPBACK, serve

    if host not in LOOPBACK:
        warn([f"everybody who reaches {host} {risk}"])
    serve(app, host, port, lambda url: print(f"{url}  (Ctrl+C stops it)", flush=True))
