"""Use a frozen dataclass as the options of a command."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Config = TypeVar("Config")


def given_options(kind: type[Any], argv: Sequence[str] | None, description: str) -> dict[str, Any]:
    """Return the options in `argv`; each field of the dataclass `kind` is one flag."""
    parser = argparse.ArgumentParser(description=description, argument_default=argparse.SUPPRESS)
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        flag = "--" + field.name.replace("_", "-")
        text = field.metadata.get("help", "")
        if field.default is not dataclasses.MISSING:
            text += f" [{field.default}]"
        if hints[field.name] is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)
        elif get_origin(hints[field.name]) is Literal:
            parser.add_argument(flag, choices=get_args(hints[field.name]), help=text)
        else:
            parser.add_argument(flag, type=hints[field.name], help=text)
    return vars(parser.parse_args(argv))


def parse_config(kind: type[Config], argv: Sequence[str] | None, description: str) -> Config:
    """Read a dataclass from a command line, which must give every field without a default."""
    given = given_options(kind, argv, description)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.default is dataclasses.MISSING and field.name not in given:
            raise SystemExit(f"--{field.name.replace('_', '-')} must be given")
    return kind(**given)


def plain(config: Any) -> dict[str, Any]:
    """Return a dataclass as values for JSON."""
    return {key: str(value) if isinstance(value, Path) else value for key, value in dataclasses.asdict(config).items()}
