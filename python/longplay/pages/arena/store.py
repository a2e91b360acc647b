"""Votes on disk. A stored vote survives a crash, a kill and a power cut."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from longplay._base.database import Database

DATABASE = "arena.sqlite3"
"""Name of the database of votes, in the folder of the candidates."""

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
    """Identity of a clip: the SHA-256 of its candidate's file, and the number of the clip from 0."""

    candidate: str
    number: int


@dataclass(frozen=True)
class Vote:
    """A vote: its time in seconds since 1970, the voter, both clips and the winning side."""

    time: float
    voter: str
    left: ClipId
    right: ClipId
    winner: Side

    @property
    def won(self) -> ClipId:
        """Clip that won."""
        return self.left if self.winner == "left" else self.right

    @property
    def lost(self) -> ClipId:
        """Clip that lost."""
        return self.right if self.winner == "left" else self.left


class Store:
    """Store the votes of one folder and the last name of each candidate.

    Parameters
    ----------
    path : Path
        SQLite database; the store creates it if it does not exist.

    Raises
    ------
    Error
        `path` is not a database of votes.
    DatabaseError
        The file cannot be read or written: the disk is full, for example.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, "a database of arena votes", check_same_thread=False)
        try:
            tables = {name for (name,) in self._database.execute("SELECT name FROM sqlite_schema")}
            if tables and "votes" not in tables:
                raise self._database.refusal("it has no table of votes")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")  # a vote is on the disk before it is confirmed
            for statement in _SCHEMA.split(";"):
                self._database.execute(statement)
            self._database.execute(f"SELECT {_COLUMNS} FROM votes LIMIT 1")
            self._version = self._read_version()
        except BaseException:
            self.close()
            raise

    def changed_elsewhere(self) -> bool:
        """Return whether another process has changed the votes or names since the last call."""
        before, self._version = self._version, self._read_version()
        return self._version != before

    def add(self, votes: Iterable[Vote]) -> None:
        """Add all votes in one transaction."""
        rows = [(vote.time, vote.voter, *vote.left, *vote.right, vote.winner) for vote in votes]
        self._write(f"INSERT INTO votes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def take_back(self, voter: str) -> Vote | None:
        """Remove and return a voter's last vote; return None if the voter has no vote."""
        found = self._database.execute(
            f"DELETE FROM votes WHERE id = (SELECT MAX(id) FROM votes WHERE voter = ?) RETURNING {_COLUMNS}", (voter,)
        )
        return _vote(found[0]) if found else None

    def votes(self) -> list[Vote]:
        """Return all votes in the order in which they were added."""
        return [_vote(row) for row in self._database.execute(f"SELECT {_COLUMNS} FROM votes ORDER BY id")]

    def store_names(self, names: dict[str, str]) -> None:
        """Store the names of candidates, so that they stay known after their files are removed."""
        self._write("INSERT OR REPLACE INTO names VALUES (?, ?)", names.items())

    def names(self) -> dict[str, str]:
        """Return the last name of every candidate that took part, by its id."""
        return dict(self._database.execute("SELECT candidate, name FROM names"))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read_version(self) -> int:
        return int(self._database.execute("PRAGMA data_version")[0][0])

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._database.transaction():
            self._database.executemany(statement, rows)


def _vote(row: tuple[float, str, str, int, str, int, Side]) -> Vote:
    time, voter, left, left_clip, right, right_clip, winner = row
    return Vote(time, voter, ClipId(left, left_clip), ClipId(right, right_clip), winner)
