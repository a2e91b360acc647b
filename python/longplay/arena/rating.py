"""TrueSkill for two players and no draws [1]_.

The package `trueskill` gives the same numbers, which a test checks, and takes a hundred times as long: it passes
messages on a graph where two players have a closed form.

References
----------
.. [1] Herbrich, Minka and Graepel, "TrueSkill: A Bayesian Skill Rating System", NIPS 2006.
"""

import math
from typing import NamedTuple

BETA = 25 / 6  # how much a performance varies around the skill
TAU = 25 / 300  # how much a skill may move between two votes


class Rating(NamedTuple):
    """What is known of a skill: a normal distribution."""

    mu: float = 25.0
    sigma: float = 25 / 3

    @property
    def score(self) -> float:
        """What the skill is at least, almost certainly."""
        return self.mu - 3 * self.sigma


def rate(winner: Rating, loser: Rating) -> tuple[Rating, Rating]:
    """The ratings after a vote."""
    variances = [rating.sigma**2 + TAU**2 for rating in (winner, loser)]
    spread = math.sqrt(2 * BETA**2 + sum(variances))
    lead = (winner.mu - loser.mu) / spread
    surprise = _surprise(lead)
    certainty = surprise * (surprise + lead)  # in (0, 1): how much narrower the distributions get
    rated = [
        Rating(
            rating.mu + sign * variance / spread * surprise,
            math.sqrt(variance * (1 - variance / spread**2 * certainty)),
        )
        for rating, variance, sign in zip((winner, loser), variances, (1, -1), strict=True)
    ]
    return rated[0], rated[1]


def confidence(better: Rating, worse: Rating) -> float:
    """Probability that the one skill is higher than the other."""
    return _cdf((better.mu - worse.mu) / math.hypot(better.sigma, worse.sigma))


def _surprise(lead: float) -> float:
    """Density over probability of a win with this lead: small when it was expected."""
    win = _cdf(lead)
    return math.exp(-(lead**2) / 2) / math.sqrt(2 * math.pi) / win if win > 0 else -lead


def _cdf(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2
