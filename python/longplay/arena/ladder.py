"""Ratings from votes, in the order the votes came."""

from collections.abc import Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

from longplay.arena.rating import Rating, confidence, rate

Player = TypeVar("Player", bound=Hashable)


class Rung(NamedTuple, Generic[Player]):
    """A player's place: its rating, its votes, and how sure it is that it stands above the next (None for the last)."""

    player: Player
    rating: Rating
    votes: int
    wins: int
    confidence: float | None


class Ladder(Generic[Player]):
    """Players who have met, and the rating of each."""

    def __init__(self) -> None:
        self._ratings: dict[Player, Rating] = {}
        self._votes: dict[Player, int] = {}
        self._wins: dict[Player, int] = {}

    def add(self, winner: Player, loser: Player) -> None:
        """Rate two different players after a vote."""
        self._ratings[winner], self._ratings[loser] = rate(self.rating(winner), self.rating(loser))
        for player in (winner, loser):
            self._votes[player] = self.votes(player) + 1
        self._wins[winner] = self._wins.get(winner, 0) + 1

    def rating(self, player: Player) -> Rating:
        """A player's rating; the first one for a player who has not met anybody."""
        return self._ratings.get(player, Rating())

    def votes(self, player: Player) -> int:
        """How many votes a player has been in."""
        return self._votes.get(player, 0)

    def rungs(self, players: Iterable[Player]) -> list[Rung[Player]]:
        """Some players, the best score first; the given order breaks ties."""
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
