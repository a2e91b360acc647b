"""Ranking of candidates."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay.farm.measures import COLUMNS, Measures

_LOWER_IS_BETTER = frozenset({"repetition"})


@dataclass(frozen=True)
class Ranked:
    """A candidate with its rank.

    Attributes
    ----------
    rank : int
        1 is the best.
    number : int
        Number of the candidate.
    file : str
        Name of its MIDI file, which exists if the candidate is kept.
    seed : str
        Name of the seed's file.
    kept : bool
        Whether the candidate keeps its file.
    measures : Measures
        Its measures.
    mean_rank : float
        Mean of its ranks in the columns of the measures. Equal candidates share the mean of their ranks.
    """

    rank: int
    number: int
    file: str
    seed: str
    kept: bool
    measures: Measures
    mean_rank: float

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values, ready for JSON."""
        values = asdict(self)
        return {**{name: value for name, value in values.items() if name != "measures"}, **values["measures"]}


def order(measured: Mapping[int, Measures]) -> list[tuple[int, float]]:
    """Return numbers and mean ranks of candidates: the best first, equal ones by number."""
    numbers = sorted(measured)
    ranks = np.mean([_ranks(name, [getattr(measured[number], name) for number in numbers]) for name in COLUMNS], axis=0)
    return sorted(zip(numbers, ranks.tolist(), strict=True), key=lambda pair: (pair[1], pair[0]))


def _ranks(name: str, values: list[float | None]) -> NDArray[np.float64]:
    """Return the rank of each value, 1 for the best; None is the worst."""
    sign = -1 if name in _LOWER_IS_BETTER else 1
    heights = np.array([-np.inf if value is None else sign * value for value in values])
    ascending = np.sort(heights)
    worse = np.searchsorted(ascending, heights, "left")
    not_better = np.searchsorted(ascending, heights, "right")
    equal = not_better - worse
    better = len(heights) - not_better
    ranks: NDArray[np.float64] = better + (equal + 1) / 2
    return ranks
