"""The choice of the two candidates of a match."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay.pages.arena.rating import BETA, Rating

Chooser: TypeAlias = Callable[[Sequence[Rating], np.random.Generator], tuple[int, int]]
"""Function that draws two different indices into the ratings, in random order."""

NEARLY_BEST = 0.95  # of the largest information that a vote can give


def information(ratings: Sequence[Rating]) -> NDArray[np.float64]:
    """Compute the expected information of a vote about the skills of two candidates.

    The information is the entropy of the vote minus its expected entropy if the skills were known [1]_. The second
    term uses the approximation of the same paper, whose error is a few thousandths of a bit.

    Parameters
    ----------
    ratings : sequence of Rating

    Returns
    -------
    float64 array, shape (ratings, ratings)
        Bits; symmetric.

    References
    ----------
    .. [1] Houlsby, Huszár, Ghahramani and Lengyel, "Bayesian Active Learning for Classification and Preference
       Learning", arXiv:1112.5745, 2011.
    """
    mu, sigma = np.array(ratings, dtype=np.float64).reshape(-1, 2).T
    # The vote is the sign of the lead plus noise; in units of the noise the lead is normal with this mean and variance.
    lead = (mu[:, None] - mu) / (math.sqrt(2) * BETA)
    variance = (sigma[:, None] ** 2 + sigma**2) / (2 * BETA**2)
    width = math.pi * math.log(2) / 2
    known = np.sqrt(width / (variance + width)) * np.exp(-(lead**2) / (2 * (variance + width)))
    return np.asarray(np.maximum(_entropy(lead / np.sqrt(1 + variance)) - known, 0.0))


def informative(ratings: Sequence[Rating], random: np.random.Generator) -> tuple[int, int]:
    """Draw one of the pairs whose vote gives nearly the largest information.

    Several voters therefore do not all receive the same pair.
    """
    bits = information(ratings)
    np.fill_diagonal(bits, -1.0)
    best = np.argwhere(bits >= NEARLY_BEST * bits.max())
    first, second = random.choice(best)
    return int(first), int(second)


def uniform(ratings: Sequence[Rating], random: np.random.Generator) -> tuple[int, int]:
    """Draw any pair with equal probability, as the challenge does."""
    first, second = random.choice(len(ratings), size=2, replace=False)
    return int(first), int(second)


CHOOSERS: dict[str, Chooser] = {"informative": informative, "uniform": uniform}


def _entropy(deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy in bits of a vote that the first wins if a standard normal number is below `deviations`."""
    win = np.vectorize(math.erfc, otypes=[np.float64])(np.abs(deviations) / math.sqrt(2)) / 2
    win = np.maximum(win, 1e-300)
    return np.asarray(-win * np.log2(win) - (1 - win) * np.log1p(-win) / math.log(2))
