"""The command line: arguments in, files out, one line when it fails.

Results go to stdout, progress and complaints to stderr. Exit status: 0 done, 1 failed, 2 misused, 130 interrupted.
Heavy imports wait until a command runs. Each file of this folder holds a group of commands.
"""

import sys
from typing import Annotated

import typer

from longplay.cli import challenge, judging, listening, making, measuring, originality, picture

app = typer.Typer(
    help="An hour of piano that answers a seed.",
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
    try:
        app()
    except Exception as error:
        from longplay._core import Error

        if not isinstance(error, Error | OSError | ValueError):
            raise  # a bug: show where
        print(f"longplay: {error}", file=sys.stderr)
        sys.exit(1)
