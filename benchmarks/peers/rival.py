"""A rival, and its comparison with longplay."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from longplay.bench.figure import Figure, repeated


@dataclass(frozen=True)
class Work:
    """Work to be timed.

    Attributes
    ----------
    run : callable
        Does the work once. Its results have been checked.
    notes : int
        Number of notes that one call processes.
    comment : str
        How the work was done.
    """

    run: Callable[[], object]
    notes: int
    comment: str = ""


@dataclass(frozen=True)
class Rival:
    """Another implementation of some work.

    Attributes
    ----------
    name : str
    packages : str
        Arguments of ``pip install`` that install it.
    open : callable
        Checks the results and returns the work. Whatever it raises becomes the reason of a row without values.
    """

    name: str
    packages: str
    open: Callable[[], Work]


def compare(part: str, unit: str, own: Work, rivals: Sequence[Rival], repeats: int) -> Iterator[Figure]:
    """Time one note of longplay and of each rival, and yield the ratio of their times.

    A rival that is not installed, or that fails, yields one figure without values; its comment is the reason.

    Parameters
    ----------
    part : str
        Name of the work.
    unit : str
        "us" or "ns".
    own : Work
        longplay's work.
    rivals : sequence of Rival
    repeats : int
        Number of timed runs of each work.
    """
    scale = {"us": 1e6, "ns": 1e9}[unit]

    def measure(rival: str, work: Work) -> Figure:
        times = [scale * each / work.notes for each in repeated(work.run, repeats)]
        return Figure(part, "a note", unit, times, {"rival": rival}, work.comment)

    ours = measure("longplay", own)
    yield ours
    for rival in rivals:
        try:
            theirs = measure(rival.name, rival.open())
        except Exception as error:
            yield Figure(part, "a note", unit, [], {"rival": rival.name}, _reason(rival, error))
            continue
        yield theirs
        ratios = [each / ours.median for each in theirs.values]
        yield Figure(part, "times longplay's", "x", ratios, {"rival": rival.name})


def _reason(rival: Rival, error: Exception) -> str:
    """Return why a rival has no values, in one line."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed. To fix this, run: pip install {rival.packages}"
    text = str(error)
    if isinstance(error, subprocess.CalledProcessError):
        output = error.stderr or error.output or b""
        output = output if isinstance(output, str) else output.decode(errors="replace")
        lines = output.strip().splitlines()
        text = f"a subprocess failed with status {error.returncode}" + (f": {lines[-1]}" if lines else "")
    return f"failed: {type(error).__name__}: {' '.join(text.split())}"
