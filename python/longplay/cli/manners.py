"""The options that every command has: how much it says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer


@dataclass
class Manners:
    """What a user wants to see of the messages of a command.

    Attributes
    ----------
    quiet : bool
        Neither progress nor warnings.
    verbose : bool
        The traceback of an error.
    """

    quiet: bool = False
    verbose: bool = False


manners = Manners()
"""The manners of the command that runs; its options set them."""

_OPTIONS = {
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Show neither progress nor warnings.")],
    "verbose": Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")],
}


def takes_manners(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Manners`."""

    def run(*, quiet: bool, verbose: bool, **arguments: Any) -> None:
        manners.quiet, manners.verbose = quiet, verbose
        command(**arguments)

    kind = inspect.Parameter.KEYWORD_ONLY
    own = [one.replace(kind=kind) for one in inspect.signature(command, eval_str=True).parameters.values()]
    added = [inspect.Parameter(name, kind, default=False, annotation=option) for name, option in _OPTIONS.items()]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]  # typer reads it
    run.__annotations__ = {one.name: one.annotation for one in (*own, *added)}
    return run
