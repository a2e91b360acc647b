"""TrueSkill for two players and no draws [1]_.

A test checks that the package `trueskill` gives the same numbers. That package passes messages on a graph and takes a
hundred times as long. Two players have a closed form.

References
----------
.. [1] Herbrich, Minka and Graepel, "TrueSkill: A Bayesian Skill Rating System", NIPS 2006.
"""

import math
from typing import NamedTuple

BETA = 25 / 6  # standard deviation of a performance around the skill
TAU = 25 / 300  # standard deviation of the change of a skill between two votes


class Rating(NamedTuple):
    """Estimate of a skill: mean and standard deviation of a normal distribution."""

    mu: float = 25.0
    sigma: float = 25 / 3

    @property
    def score(self) -> float:
        """Lower bound of the skill: ``mu - 3 * sigma``."""
        return self.mu - 3 * self.sigma


def rate(winner: Rating, loser: Rating) -> tuple[Rating, Rating]:
    """Return the ratings of the winner and of the loser after a vote."""
    variances = [rating.sigma**2 + TAU**2 for rating in (winner, loser)]
    spread = math.sqrt(2 * BETA**2 + sum(variances))
    lead = (winner.mu - loser.mu) / spread
    surprise = _surprise(lead)
    certainty = surprise * (surprise + lead)  # in (0, 1): how much the vote narrows the distributions
    rated = [
        Rating(
            rating.mu + sign * variance / spread * surprise,
            math.sqrt(variance * (1 - variance / spread**2 * certainty)),
        )
        for rating, variance, sign in zip((winner, loser), variances, (1, -1), strict=True)
    ]
    return rated[0], rated[1]


def confidence(better: Rating, worse: Rating) -> float:
    """Return the probability that the skill of `better` is higher than that of `worse`."""
    return _cdf((better.mu - worse.mu) / math.hypot(better.sigma, worse.sigma))


def _surprise(lead: float) -> float:
    """Return density divided by probability of a win with this lead: small if the win was expected."""
    win = _cdf(lead)
    return math.exp(-(lead**2) / 2) / math.sqrt(2 * math.pi) / win if win > 0 else -lead


def _cdf(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2
