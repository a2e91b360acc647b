"""Matches, votes and the ranking of the candidates."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from longplay.pages.arena.clips import ArenaCandidate, Clip
from longplay.pages.arena.ladder import Ladder, Rung
from longplay.pages.arena.pairing import Chooser, informative
from longplay.pages.arena.store import ClipId, Side, Store, Vote

MIN_LISTENED = 0.2  # share of both clips that must have passed before a vote counts
SLACK = 0.5  # s by which the clocks of the page and of the server may differ
MAX_MATCHES = 1000  # open at a time, one for each voter; a new one then replaces the oldest


class RefusedError(Exception):
    """A vote is refused; the message says why."""


@dataclass(frozen=True)
class Match:
    """Two clips that a voter compares.

    Attributes
    ----------
    id : str
        Identity that is hard to guess.
    left, right : ClipId
    opens : float
        Time in seconds, by the referee's clock, from which a vote counts.
    again : bool
        Whether the voter has voted on this pair and taken the vote back.
    """

    id: str
    left: ClipId
    right: ClipId
    opens: float
    again: bool


class Referee:
    """Draw matches, count votes and rank the candidates.

    Parameters
    ----------
    candidates : sequence of ArenaCandidate
        At least two.
    store : Store
        Store of the votes; the votes that it already has count.
    clock : callable
        Returns the time in seconds since 1970.
    random : numpy.random.Generator
        Source of the random pairs, clips and sides.
    choose : Chooser
        Draws the two candidates of a match.
    """

    def __init__(
        self,
        candidates: Sequence[ArenaCandidate],
        store: Store,
        *,
        clock: Callable[[], float],
        random: np.random.Generator,
        choose: Chooser = informative,
    ) -> None:
        self._candidates = {candidate.id: candidate for candidate in candidates}
        self._store = store
        self._clock = clock
        self._random = random
        self._choose = choose
        self._matches: dict[str, Match] = {}
        store.store_names({candidate.id: candidate.name for candidate in candidates})
        self._names = store.names()
        self._count()

    @property
    def votes(self) -> int:
        """Number of votes that count."""
        self._catch_up()
        return self._votes

    def clip(self, clip: ClipId) -> Clip:
        """Return a clip of a candidate that takes part."""
        return self._candidates[clip.candidate].clips[clip.number]

    def match(self, voter: str) -> Match:
        """Draw a match for a voter, and close the voter's previous match."""
        self._catch_up()
        ids = list(self._candidates)
        pair = self._choose([self._pieces.rating(id_) for id_ in ids], self._random)
        left, right = (self._draw_clip(ids[index]) for index in pair)
        listened = MIN_LISTENED * (self.clip(left).length_ms + self.clip(right).length_ms) / 1000
        return self._open(voter, Match(_secret(), left, right, self._clock() + listened - SLACK, again=False))

    def vote(self, voter: str, match_id: str, winner: Side) -> None:
        """Count a vote.

        Raises
        ------
        RefusedError
            `match_id` is not the open match of the voter, or less time has passed than 20 % of both clips take.
        """
        match = self._matches.get(voter)
        if match is None or not secrets.compare_digest(match.id.encode(), match_id.encode()):
            raise RefusedError("this match is over; reload the page for the next one")
        now = self._clock()
        if now < match.opens:
            raise RefusedError("listen to more of both clips first")
        vote = Vote(now, voter, match.left, match.right, winner)
        self._store.add([vote])
        self._add(vote)
        del self._matches[voter]

    def undo(self, voter: str) -> Match:
        """Take back the last vote of a voter and open its match again.

        Raises
        ------
        RefusedError
            The voter has no vote.
        """
        vote = self._store.take_back(voter)
        if vote is None:
            raise RefusedError("there is no vote to undo")
        self._count()
        if not {vote.left.candidate, vote.right.candidate} <= self._candidates.keys():
            return self.match(voter)  # a file was removed
        return self._open(voter, Match(_secret(), vote.left, vote.right, self._clock(), again=True))

    def ranking(self) -> list[dict[str, Any]]:
        """Return the candidates, the best first, as values for JSON.

        `present` is false for a candidate whose file was removed.
        """
        self._catch_up()
        known = sorted(self._names, key=lambda id_: self._names[id_])
        return [
            {"id": rung.player, "name": self._names[rung.player], "present": rung.player in self._candidates}
            | _figures(rung)
            for rung in self._pieces.rungs(id_ for id_ in known if id_ in self._candidates or self._pieces.votes(id_))
        ]

    def clip_ranking(self, candidate: str) -> list[dict[str, Any]]:
        """Return the clips of a candidate that have votes, the best first, as values for JSON.

        An unknown candidate has none.
        """
        self._catch_up()
        rungs = self._clips.rungs(sorted(self._voted_clips.get(candidate, ())))
        return [{"clip": rung.player.number + 1} | _figures(rung) for rung in rungs]

    def export(self) -> dict[str, Any]:
        """Return the ranking, the clips and all votes as values for JSON.

        Voters are numbered from 1 by their first vote: their names are cookies, with which anybody could take back
        their votes.
        """
        ranking = [row | {"clips": self.clip_ranking(row["id"])} for row in self.ranking()]
        votes = self._store.votes()
        voters = {voter: number for number, voter in enumerate(dict.fromkeys(vote.voter for vote in votes), start=1)}
        return {"ranking": ranking, "votes": [_plain(vote, voters[vote.voter]) for vote in votes]}

    def _draw_clip(self, candidate: str) -> ClipId:
        """Draw one of the clips with the fewest votes, so that voters hear all clips of a candidate."""
        ids = [ClipId(candidate, number) for number in range(self._candidates[candidate].count)]
        fewest = min(self._clips.votes(id_) for id_ in ids)
        least = [id_ for id_ in ids if self._clips.votes(id_) == fewest]
        return least[self._random.integers(len(least))]

    def _open(self, voter: str, match: Match) -> Match:
        self._matches.pop(voter, None)
        while len(self._matches) >= MAX_MATCHES:
            del self._matches[next(iter(self._matches))]
        self._matches[voter] = match
        return match

    def _catch_up(self) -> None:
        """Count the votes that other processes have added or taken back."""
        if self._store.changed_elsewhere():
            self._names = self._store.names()
            self._count()

    def _count(self) -> None:
        """Rate all candidates from the first vote on."""
        self._pieces: Ladder[str] = Ladder()
        self._clips: Ladder[ClipId] = Ladder()
        self._voted_clips: dict[str, set[ClipId]] = {}
        self._votes = 0
        for vote in self._store.votes():
            self._add(vote)

    def _add(self, vote: Vote) -> None:
        self._pieces.add(vote.won.candidate, vote.lost.candidate)
        self._clips.add(vote.won, vote.lost)
        for clip in (vote.left, vote.right):
            self._voted_clips.setdefault(clip.candidate, set()).add(clip)
        self._votes += 1


def _secret() -> str:
    return secrets.token_hex(16)


def _figures(rung: Rung[Any]) -> dict[str, Any]:
    return {
        "mu": rung.rating.mu,
        "sigma": rung.rating.sigma,
        "score": rung.rating.score,
        "votes": rung.votes,
        "wins": rung.wins,
        "confidence": rung.confidence,
    }


def _plain(vote: Vote, voter: int) -> dict[str, Any]:
    return {
        "time": vote.time,
        "voter": voter,
        "left": {"id": vote.left.candidate, "clip": vote.left.number + 1},
        "right": {"id": vote.right.candidate, "clip": vote.right.number + 1},
        "winner": vote.winner,
    }
