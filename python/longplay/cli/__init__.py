"""The command line. Each module of this folder holds a group of commands.

Results go to stdout, progress and warnings to stderr. The exit status is 0 for success, 1 for a failure, 2 for wrong
usage, and 130 after an interrupt. Commands import NumPy and the core only when they run.
"""

import io
import sys
from typing import Annotated

import typer

from longplay.cli import challenge, judging, listening, making, measuring, originality, picture

app = typer.Typer(
    help="Generate hours of piano music that continue a MIDI file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

COMMANDS = (
    *(making.generate, making.extend, making.batch),
    *(judging.score, judging.doctor),
    *(challenge.check, challenge.pack, challenge.clips, challenge.submit),
    *(listening.render, listening.arena),
    *(originality.originality, originality.originality_index),
    *(picture.plot, measuring.bench),
)
for command in COMMANDS:
    app.command()(command)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib.metadata import version as version_of

        print(version_of("longplay"))
        raise typer.Exit


def main() -> None:
    """Run the command line and exit with its status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # prints names of files as they are, in UTF-8 or not
    try:
        app()
    except Exception as error:
        from longplay._core import Error

        if not isinstance(error, Error | OSError | ValueError):
            raise  # a bug: show the traceback
        print(f"longplay: {error}", file=sys.stderr)
        sys.exit(1)
