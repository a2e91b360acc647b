"""A figure that was measured, and how to measure one."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the report.

    Attributes
    ----------
    part, name : str
        What was measured.
    unit : str
    values : sequence of float
        One for each time it was measured; none where it could not be, and `remark` says why.
    labels : mapping
        What distinguishes it from others of its name: a batch, threads, a rival.
    remark : str
        How it was measured, or what to know of it.
    """

    part: str
    name: str
    unit: str
    values: Sequence[float]
    labels: Mapping[str, str | int] = field(default_factory=dict)
    remark: str = ""

    @property
    def median(self) -> float:
        """The middle of the values."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and the third quartile of the values."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def as_dict(self) -> dict[str, Any]:
        """The figure as JSON has it."""
        low, high = self.quartiles if self.values else (None, None)
        return {
            "part": self.part,
            "name": self.name,
            **self.labels,
            "unit": self.unit,
            "median": self.median if self.values else None,
            "low": low,
            "high": high,
            "runs": len(self.values),
            "remark": self.remark,
        }


def seconds(work: Callable[[], object]) -> float:
    """How long work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def repeated(work: Callable[[], object], repeats: int) -> list[float]:
    """How long work takes in seconds, each of several times, after one that is not counted."""
    work()
    return [seconds(work) for _ in range(repeats)]
