"""Measure how many votes a ranking needs: with the arena's choice of pairs, and with the challenge's uniform draw.

    python -m benchmarks.arena_votes

Skills are drawn from TrueSkill's first rating. Each vote goes to the better of two performances, each of which is a
skill plus noise of deviation beta, as TrueSkill assumes. The script prints Spearman's rank correlation between mu and
skill: the mean over the repeats, and its standard error.
"""

import argparse
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from longplay.pages.arena.pairing import CHOOSERS, Chooser
from longplay.pages.arena.rating import BETA, Rating, rate

VOTES_PER_PIECE = (5, 10, 20, 50)


def main(argv: Sequence[str] | None = None) -> None:
    """Simulate both choosers on the same skills, and print the table of ``docs/arena.md``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=10)
    args = parser.parse_args(argv)
    print(f"{args.pieces} pieces, {args.repeats} repeats")
    print("| votes per piece | " + " | ".join(CHOOSERS) + " |")
    print("|---:" * (len(CHOOSERS) + 1) + "|")
    results = {
        name: np.array([correlations(choose, args.pieces, seed) for seed in range(args.repeats)])
        for name, choose in CHOOSERS.items()
    }
    for row, votes in enumerate(VOTES_PER_PIECE):
        cells = (
            f"{found[:, row].mean():.3f} ± {found[:, row].std(ddof=1) / math.sqrt(args.repeats):.3f}"
            for found in results.values()
        )
        print(f"| {votes} | " + " | ".join(cells) + " |", flush=True)


def correlations(choose: Chooser, pieces: int, random_seed: int) -> list[float]:
    """Return the rank correlation after each number of `VOTES_PER_PIECE`; a vote counts for two pieces."""
    random = np.random.default_rng(random_seed)
    start = Rating()
    skills = random.normal(start.mu, start.sigma, pieces)
    ratings = [start] * pieces
    found = []
    for votes in range(1, max(VOTES_PER_PIECE) * pieces // 2 + 1):
        first, second = choose(ratings, random)
        if random.normal(skills[first] - skills[second], math.sqrt(2) * BETA) < 0:
            first, second = second, first
        ratings[first], ratings[second] = rate(ratings[first], ratings[second])
        if votes in {per_piece * pieces // 2 for per_piece in VOTES_PER_PIECE}:
            found.append(_rank_correlation(np.array([rating.mu for rating in ratings]), skills))
    return found


def _rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    ranks = [values.argsort().argsort() for values in (first, second)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


if __name__ == "__main__":
    main()
