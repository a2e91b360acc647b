"""Ratings computed from votes, in the order of the votes."""

from collections.abc import Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

from longplay.pages.arena.rating import Rating, confidence, rate

Player = TypeVar("Player", bound=Hashable)


class Rung(NamedTuple, Generic[Player]):
    """A ranked player.

    Attributes
    ----------
    player : hashable
    rating : Rating
    votes, wins : int
        Votes that the player took part in, and those that it won.
    confidence : float or None
        Probability that the player is better than the next one of the ranking; None for the last.
    """

    player: Player
    rating: Rating
    votes: int
    wins: int
    confidence: float | None


class Ladder(Generic[Player]):
    """Rate players who compete in pairs."""

    def __init__(self) -> None:
        self._ratings: dict[Player, Rating] = {}
        self._votes: dict[Player, int] = {}
        self._wins: dict[Player, int] = {}

    def add(self, winner: Player, loser: Player) -> None:
        """Update the ratings of two different players after a vote."""
        self._ratings[winner], self._ratings[loser] = rate(self.rating(winner), self.rating(loser))
        for player in (winner, loser):
            self._votes[player] = self.votes(player) + 1
        self._wins[winner] = self._wins.get(winner, 0) + 1

    def rating(self, player: Player) -> Rating:
        """Return the rating of a player: the initial rating if the player has no votes."""
        return self._ratings.get(player, Rating())

    def votes(self, player: Player) -> int:
        """Return the number of votes that a player took part in."""
        return self._votes.get(player, 0)

    def rungs(self, players: Iterable[Player]) -> list[Rung[Player]]:
        """Rank the given players by score, the best first. Among equals, the given order decides."""
        ranked = sorted(players, key=lambda player: -self.rating(player).score)
        return [
            Rung(
                player,
                self.rating(player),
                self.votes(player),
                self._wins.get(player, 0),
                None if below is None else confidence(self.rating(player), self.rating(below)),
            )
            for player, below in zip(ranked, [*ranked[1:], None], strict=False)
        ]
