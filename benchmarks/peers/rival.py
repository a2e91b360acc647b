"""A rival, and how it is measured beside longplay."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from longplay.bench.figure import Figure, repeated


@dataclass(frozen=True)
class Work:
    """Something to be timed, right already."""

    run: Callable[[], object]
    notes: int
    remark: str = ""


@dataclass(frozen=True)
class Rival:
    """Somebody's way of doing some work.

    Attributes
    ----------
    name : str
    packages : str
        What pip has to install for it.
    open : callable
        Gives the work, after its answers have been checked. Raises ImportError where a package is missing.
    """

    name: str
    packages: str
    open: Callable[[], Work]


def compare(part: str, unit: str, own: Work, rivals: Sequence[Rival], repeats: int) -> Iterator[Figure]:
    """Time a note of longplay and of each rival, and tell how many times as long theirs takes.

    Parameters
    ----------
    part : str
        What the work is called.
    unit : str
        "us" or "ns".
    own : Work
        longplay's.
    rivals : sequence of Rival
        One that is not installed has a figure without values.
    repeats : int
    """
    scale = {"us": 1e6, "ns": 1e9}[unit]
    ours = [scale * each / own.notes for each in repeated(own.run, repeats)]
    name = "a note"
    first = Figure(part, name, unit, ours, {"rival": "longplay"}, own.remark)
    yield first
    for rival in rivals:
        labels = {"rival": rival.name}
        try:
            work = rival.open()
        except ImportError:
            yield Figure(part, name, unit, [], labels, f"not installed: pip install {rival.packages}")
            continue
        theirs = Figure(
            part, name, unit, [scale * each / work.notes for each in repeated(work.run, repeats)], labels, work.remark
        )
        yield theirs
        yield Figure(part, "times longplay's", "x", [each / first.median for each in theirs.values], labels)
