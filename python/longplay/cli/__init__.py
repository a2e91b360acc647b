"""The command line. Each module of this folder holds a group of commands.

Results go to stdout, progress and warnings to stderr. The exit status is 0 for success, 1 for a failure, 2 for wrong
usage, and 130 after an interrupt (see longplay.__main__). Commands import NumPy and the core only when they run.
"""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from longplay.cli import challenge, composing, importing, judging, listening, making, measuring, originality, picture
from longplay.cli.manners import manners, takes_manners

app = typer.Typer(
    help="Generate hours of piano music that continue a MIDI file.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

COMMANDS = (
    *(making.generate, making.extend, making.batch),
    *(composing.accompany, composing.compose, composing.infill, composing.vary, composing.perform),
    *(judging.score, judging.models, judging.doctor),
    *(challenge.check, challenge.pack, challenge.clips, challenge.submit),
    *(listening.render, listening.arena, listening.studio),
    *(originality.originality, originality.originality_index),
    *(picture.plot, picture.notate, measuring.bench),
)


class _Command(TyperCommand):
    """A command whose help shows square brackets unchanged."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from rich.markup import escape

        self.help = escape(self.help or "")
        for parameter in self.params:
            if text := getattr(parameter, "help", None):
                parameter.help = escape(text)  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)


for command in COMMANDS:
    app.command(cls=_Command)(takes_manners(command))

_imports = typer.Typer(help="Import a model that another program trained, as a model folder.", no_args_is_help=True)
for _command in (importing.keras, importing.torch, importing.miditok):
    _imports.command(cls=_Command)(takes_manners(_command))
app.add_typer(_imports, name="import")


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False) -> None:
    if version:
        from importlib.metadata import version as version_of

        print(version_of("longplay"))
        raise typer.Exit


def run() -> None:
    """Run the command line. An error that the user can fix becomes one line and the exit status 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # prints names of files as they are, in UTF-8 or not
    try:
        try:
            app()
        except SystemExit:
            _flush_stdout()
            raise
    except Exception as error:
        from longplay._base.text import one_line
        from longplay._core import Error

        if manners.verbose or not isinstance(error, Error | OSError | ValueError):
            raise  # a bug: show the traceback
        if not isinstance(error, BrokenPipeError):  # the reader of stdout has left
            print(f"longplay: {one_line(_words(error))}", file=sys.stderr)
        with suppress(OSError):
            _flush_stdout()
        sys.exit(1)


def _words(error: Exception) -> str:
    """Return what an error says; of a file that cannot be opened, in words for users."""
    name = getattr(error, "filename", None)
    if isinstance(error, OSError) and isinstance(name, str | bytes | os.PathLike):
        shown = os.fsdecode(name)
        if error.errno == errno.ENOENT:
            return f"{shown} does not exist. To fix this, check the name"
        if error.errno == errno.EISDIR:
            return f"{shown} is a folder. To fix this, give the name of a file"
        if error.errno == errno.EACCES:
            return f"{shown} may not be opened. To fix this, change its permissions"
        if error.errno == errno.ENOTDIR:
            return f"{shown} is not in a folder, or is not one. To fix this, check the name"
        return f"{shown}: {error.strerror}"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"{error.strerror}. To fix this, give another --port"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def _flush_stdout() -> None:
    """Write what stdout still holds. What cannot be written is dropped, or Python would try it again at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        sys.stdout = io.StringIO()
        raise
