"""Votes on disk: what was added is there after a crash, a kill or a power cut."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

DATABASE = "arena.sqlite3"
"""Where the votes on the candidates of a folder are, in the folder."""

Side: TypeAlias = Literal["left", "right"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS votes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time REAL NOT NULL,
  voter TEXT NOT NULL,
  left_candidate TEXT NOT NULL,
  left_clip INTEGER NOT NULL,
  right_candidate TEXT NOT NULL,
  right_clip INTEGER NOT NULL,
  winner TEXT NOT NULL CHECK (winner IN ('left', 'right'))
) STRICT;
CREATE TABLE IF NOT EXISTS names (candidate TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
"""
_COLUMNS = "time, voter, left_candidate, left_clip, right_candidate, right_clip, winner"


class ClipId(NamedTuple):
    """A clip: the SHA-256 of its candidate's file, and its number from 0."""

    candidate: str
    number: int


@dataclass(frozen=True)
class Vote:
    """Who heard what, when (seconds since 1970), and which was better."""

    time: float
    voter: str
    left: ClipId
    right: ClipId
    winner: Side

    @property
    def won(self) -> ClipId:
        """The better clip."""
        return self.left if self.winner == "left" else self.right

    @property
    def lost(self) -> ClipId:
        """The other clip."""
        return self.right if self.winner == "left" else self.left


class Store:
    """The votes of one folder, and the names its candidates last had.

    Raises
    ------
    ValueError
        The file is not a database of votes.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")  # a vote is on the disk before it is confirmed
            self._database.executescript(_SCHEMA)
            self._database.execute(f"SELECT {_COLUMNS} FROM votes LIMIT 1")
            self._version = self._read_version()
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise ValueError(f"{path} does not hold the votes of an arena: {error}") from error

    def changed_elsewhere(self) -> bool:
        """Whether another process has changed the votes or names since the last call."""
        before, self._version = self._version, self._read_version()
        return self._version != before

    def add(self, votes: Iterable[Vote]) -> None:
        """Add votes, all or none."""
        rows = [(vote.time, vote.voter, *vote.left, *vote.right, vote.winner) for vote in votes]
        self._write(f"INSERT INTO votes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def take_back(self, voter: str) -> Vote | None:
        """Remove a voter's last vote and return it; None when there is none."""
        found = self._database.execute(
            f"DELETE FROM votes WHERE id = (SELECT MAX(id) FROM votes WHERE voter = ?) RETURNING {_COLUMNS}", (voter,)
        ).fetchall()
        return _vote(found[0]) if found else None

    def votes(self) -> list[Vote]:
        """All votes in the order they were given."""
        return [_vote(row) for row in self._database.execute(f"SELECT {_COLUMNS} FROM votes ORDER BY id")]

    def remember(self, names: dict[str, str]) -> None:
        """Keep the names of candidates, for when their files are gone."""
        self._write("INSERT OR REPLACE INTO names VALUES (?, ?)", names.items())

    def names(self) -> dict[str, str]:
        """The last name of every candidate that ever was here."""
        return dict(self._database.execute("SELECT candidate, name FROM names"))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read_version(self) -> int:
        return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(statement, rows)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _vote(row: tuple[float, str, str, int, str, int, Side]) -> Vote:
    time, voter, left, left_clip, right, right_clip, winner = row
    return Vote(time, voter, ClipId(left, left_clip), ClipId(right, right_clip), winner)
