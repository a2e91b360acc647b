"""Figures as a table, as JSON and as a picture."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from longplay.bench.figure import Figure
from longplay.bench.machine import describe
from longplay.files import write_whole

_WIDTH = 120  # columns of a table outside a terminal


def show_all(figures: Iterable[Figure]) -> tuple[dict[str, str | int], list[Figure]]:
    """Print the machine and a table for each part to stdout.

    Returns
    -------
    machine : dict
        Description of the machine.
    figures : list of Figure
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    machine = describe()
    show_machine(machine, console)
    return machine, show(figures, console)


def show_machine(machine: Mapping[str, str | int], console: Console) -> None:
    """Print the description of the machine."""
    console.print(*(f"{name} {value}" for name, value in machine.items()), "", sep="\n", highlight=False)


def show(figures: Iterable[Figure], console: Console) -> list[Figure]:
    """Print a table for each part as soon as it is complete, and return all figures."""
    known = []
    for part, group in groupby(figures, lambda figure: figure.part):
        table = Table("", "median", "quartiles", "unit", "", title=part.upper(), title_justify="left", box=None)
        for column in (1, 2):
            table.columns[column].justify = "right"
        for figure in group:
            known.append(figure)
            table.add_row(_name(figure), *_numbers(figure), figure.unit, figure.comment)
        console.print(table, "")
    return known


def _name(figure: Figure) -> str:
    rivals = [value for value in figure.labels.values() if isinstance(value, str)]
    numbers = [f"{key.replace('_', ' ')} {value}" for key, value in figure.labels.items() if isinstance(value, int)]
    return ": ".join([*rivals, ", ".join([figure.name, *numbers])])


def _numbers(figure: Figure) -> tuple[str, str]:
    if not figure.values:
        return "-", ""
    low, high = figure.quartiles
    spread = f"{short(low)} to {short(high)}" if len(figure.values) > 1 else ""
    return short(figure.median), spread


def short(value: float) -> str:
    """Format a number with about three significant digits."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def write_json(path: Path, machine: Mapping[str, str | int], figures: Sequence[Figure], overwrite: bool) -> None:
    """Write the description of the machine and all figures to a JSON file."""
    report = {"machine": machine, "figures": [figure.as_dict() for figure in figures]}
    write_whole(path, (json.dumps(report, indent=1) + "\n").encode(), overwrite=overwrite)
