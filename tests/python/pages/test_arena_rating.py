"""The arena's arithmetic: ratings, confidence, and which vote is most informative."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.pages.arena.ladder import Ladder
from longplay.pages.arena.pairing import information, informative, uniform
from longplay.pages.arena.rating import BETA, Rating, confidence, rate

RATINGS = st.builds(Rating, st.floats(-30, 80), st.floats(0.5, 9))


trueskill = pytest.importorskip("trueskill", reason="trueskill is not installed")
AS_SHIPPED = trueskill.TrueSkill(draw_probability=0.0)
NORMAL = statistics.NormalDist()
# The package's own error function is good to 1.2e-7, which a surprising vote magnifies; it takes a better one.
EXACT = trueskill.TrueSkill(
    draw_probability=0.0, backend=(lambda x: math.erfc(-x / math.sqrt(2)) / 2, NORMAL.pdf, NORMAL.inv_cdf)
)


def test_a_thousand_votes_rate_as_the_package_trueskill_does():
    random = np.random.default_rng(1)
    ours = [Rating()] * 20
    theirs = [AS_SHIPPED.create_rating()] * 20
    for _ in range(1000):
        winner, loser = uniform(ours, random)
        ours[winner], ours[loser] = rate(ours[winner], ours[loser])
        [(theirs[winner],), (theirs[loser],)] = AS_SHIPPED.rate([(theirs[winner],), (theirs[loser],)])
    assert [tuple(rating) for rating in ours] == [
        (pytest.approx(rating.mu, abs=1e-6), pytest.approx(rating.sigma, abs=1e-6)) for rating in theirs
    ]


@given(RATINGS, RATINGS)
def test_any_vote_rates_as_the_package_trueskill_does(winner, loser):
    pairs = [(EXACT.create_rating(*rating),) for rating in (winner, loser)]
    theirs = [(rating.mu, rating.sigma) for (rating,) in EXACT.rate(pairs)]
    assert rate(winner, loser) == tuple(pytest.approx(rating, abs=1e-6) for rating in theirs)


def test_a_win_against_all_odds_is_still_a_number():
    better, worse = rate(Rating(-5000, 1), Rating(5000, 1))
    assert all(math.isfinite(value) for value in (*better, *worse))
    assert better.mu > -5000


@given(RATINGS, RATINGS)
def test_confidence_of_both_sides_adds_up_to_one(first, second):
    assert confidence(first, second) + confidence(second, first) == pytest.approx(1)


@pytest.mark.parametrize(("lead", "sigma"), [(0, 8.3), (5, 3), (20, 8.3), (2, 0.8)])
def test_information_is_what_integration_gives(lead, sigma):
    def entropy(win):
        win = np.clip(win, 1e-300, 1 - 1e-16)
        return -win * np.log2(win) - (1 - win) * np.log2(1 - win)

    cdf = np.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2)
    spread = math.sqrt(2) * sigma
    leads = np.linspace(lead - 8 * spread, lead + 8 * spread, 20001)
    weights = np.exp(-(((leads - lead) / spread) ** 2) / 2)
    wins = cdf(leads / (math.sqrt(2) * BETA))
    exact = entropy(np.average(wins, weights=weights)) - np.average(entropy(wins), weights=weights)
    bits = information([Rating(25 + lead, sigma), Rating(25, sigma)])[0, 1]
    assert bits == pytest.approx(exact, abs=0.006)


def test_the_informative_pair_is_close_and_uncertain():
    ratings = [Rating(40, 1), Rating(25, 1), Rating(26, 7), Rating(25, 7), Rating(5, 7)]
    random = np.random.default_rng(0)
    assert {frozenset(informative(ratings, random)) for _ in range(50)} == {frozenset({2, 3})}


@pytest.mark.parametrize("choose", [informative, uniform])
def test_every_pair_of_strangers_comes_in_both_orders(choose):
    random = np.random.default_rng(0)
    pairs = {choose([Rating()] * 3, random) for _ in range(200)}
    assert pairs == {(a, b) for a in range(3) for b in range(3) if a != b}


def test_a_ladder_ranks_by_score_and_counts_votes():
    ladder = Ladder()
    for _ in range(3):
        ladder.add("winner", "loser")
    rungs = ladder.rungs(["stranger", "loser", "winner"])
    assert [(rung.player, rung.votes, rung.wins) for rung in rungs] == [
        ("winner", 3, 3),
        ("stranger", 0, 0),
        ("loser", 3, 0),
    ]
    assert rungs[0].confidence == confidence(rungs[0].rating, rungs[1].rating)
    assert rungs[-1].confidence is None


def test_a_ladder_trusts_many_votes_more_than_one_lucky_win():
    ladder = Ladder()
    for _ in range(10):
        ladder.add("tried", "other")
        ladder.add("other", "tried")
    ladder.add("lucky", "unlucky")
    assert ladder.rating("lucky").mu > ladder.rating("tried").mu
    assert ladder.rungs(["lucky", "tried"])[0].player == "tried"
