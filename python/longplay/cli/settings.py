"""Command-line options of the settings, made from the fields of `Settings`."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Annotated, Any, get_type_hints

import typer

from longplay.cli.shared import warn
from longplay.prompt import read_prompt
from longplay.settings import Declaration, SamplingOption, Settings, SketchOptions

_TYPES: dict[str, Any] = {
    "number": float,
    "integer": int,
    "flag": bool,
    "text": str | None,
    "choice": str,
    "key": str,
    "scale": str | None,
    "span": str | None,
    "sampling": str | None,
}
_RANDOM = "random"  # as a random seed: another one each time
_SAMPLING_HELP = "By default the model's own."


def takes_settings(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each of these settings; for all of `Settings` if no name is given.

    The options take the place of the command's parameter `settings`, which receives their values as a dictionary. If
    there are several, `--prompt` sets them by words, too.
    """
    declared = {one.name: one for one in (*fields(Settings), *fields(SketchOptions))}
    chosen = [declared[name] for name in names] if names else fields(Settings)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, include_extras=True)

        def run(**arguments: Any) -> None:
            context, prompt = arguments.pop("context", None), arguments.pop("prompt", None)
            settings = {one.name: arguments.pop(one.name) for one in chosen}
            if prompt is not None:
                settings |= _prompted(prompt, settings, context)
            if "random_seed" in settings:
                settings["random_seed"] = _drawn(settings["random_seed"])
            command(**arguments, settings=settings)

        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name == "settings":
                parameters += [_option(one.name, one.metadata["setting"], one.default) for one in chosen]
                parameters += [_PROMPT, _CONTEXT] if len(chosen) > 1 else []
            else:
                kind = inspect.Parameter.KEYWORD_ONLY
                parameters.append(parameter.replace(annotation=hints[parameter.name], kind=kind))
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _prompted(prompt: str, settings: Collection[str], context: typer.Context) -> dict[str, Any]:
    """Return the settings of a prompt, and report them on stderr; refuse what the command or an option contradicts."""
    read = read_prompt(prompt)
    for phrase, values in read.understood:
        for name in values:
            option = f"--{name.replace('_', '-')}"
            if name not in settings:
                raise ValueError(f'prompt must not have "{phrase}": this command does not take the setting {name}')
            source = context.get_parameter_source(name)
            if source is not None and source.name != "DEFAULT":
                raise ValueError(f'"{phrase}" of the prompt and {option} both set {name}. To fix this, leave one out')
    warn([f"understood {read}"])
    return read.settings


def parse_sampling(text: str) -> SamplingOption:
    """Read the value of a sampling option: a number, or pairs such as "pitch=0.9,velocity=1".

    Raises
    ------
    typer.BadParameter
        The text is neither.
    """
    try:
        if "=" not in text:
            return float(text)
        pairs = [pair.split("=") for pair in text.split(",")]
        values = {name.strip(): float(number) for name, number in pairs}
    except ValueError:
        raise typer.BadParameter(f"must be a number or FIELD=NUMBER,..., not {text!r}") from None
    if len(values) < len(pairs):
        raise typer.BadParameter(f"must name each field once, not {text!r}")
    return values


def parse_random_seed(text: str | int) -> int | str:
    """Read an integer or "random".

    Raises
    ------
    typer.BadParameter
        The text is neither.
    """
    try:
        return text if text == _RANDOM else int(text)
    except ValueError:
        raise typer.BadParameter(f"must be an integer or random, not {text!r}") from None


def _drawn(random_seed: int | str) -> int:
    """Return a random seed; if it is to be random, draw and print one."""
    if isinstance(random_seed, int):
        return random_seed
    drawn = secrets.randbits(32)
    warn([f"random seed {drawn}"])
    return drawn


def parse_span(text: str) -> tuple[int, int]:
    """Read a lowest and a highest number such as "36-84".

    Raises
    ------
    typer.BadParameter
        The text is none.
    """
    try:
        low, high = map(int, text.split("-"))
    except ValueError:
        raise typer.BadParameter(f"must be LOWEST-HIGHEST, such as 36-84, not {text!r}") from None
    return low, high


_PROMPT = inspect.Parameter(
    "prompt",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None, typer.Option(help='Settings in words, such as "calm, slow, D minor" (docs/prompts.md).')
    ],
)
_CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
"""Typer passes what it knows of the call to a parameter of this type."""


def _option(name: str, declared: Declaration, default: Any) -> inspect.Parameter:
    text = f"{declared.help} In {declared.range}." if declared.range else declared.help
    if declared.kind == "sampling":
        option = typer.Option(help=f"{text} {_SAMPLING_HELP}", parser=parse_sampling, metavar="N|FIELD=N,...")
    elif declared.kind == "span":
        option = typer.Option(help=text, parser=parse_span, metavar="LOWEST-HIGHEST")
    elif name == "random_seed":
        option = typer.Option(
            help=f"{text} random: another one each time.", parser=parse_random_seed, metavar="N|random"
        )
    else:
        option = typer.Option(help=text)
    kind: Any = Annotated  # a type that is made at run time, which mypy cannot follow
    annotation = kind[_TYPES[declared.kind], option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
