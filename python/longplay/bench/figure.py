"""A measured figure, and functions that measure one."""

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
        Part of the report, and name of the figure in it.
    unit : str
    values : sequence of float
        One value for each run; none if the measurement failed, with the reason in `comment`.
    labels : mapping
        Labels that distinguish it from figures of the same name: batch, threads, rival.
    comment : str
        Note on the measurement.
    """

    part: str
    name: str
    unit: str
    values: Sequence[float]
    labels: Mapping[str, str | int] = field(default_factory=dict)
    comment: str = ""

    @property
    def median(self) -> float:
        """Median of the values."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third quartile of the values."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as values for JSON."""
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
            "comment": self.comment,
        }


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that one call of `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def repeated(work: Callable[[], object], repeats: int) -> list[float]:
    """Return the seconds of each of `repeats` calls of `work`, after one untimed call."""
    work()
    return [seconds(work) for _ in range(repeats)]
