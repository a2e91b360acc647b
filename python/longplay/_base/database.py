"""SQLite databases whose errors name the file and the problem, in one line."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from longplay._core import Error

_OF_THE_SYSTEM = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


class DatabaseError(OSError):
    """A database cannot be read or written because of the disk, the folder or its permissions."""


class Database:
    """A connection to an SQLite database.

    Every call raises `DatabaseError` for a fault of the system, and `Error` if the file is not of this kind or another
    process uses it.

    Parameters
    ----------
    path : path
        The file, which is created if it does not exist.
    kind : str
        Kind of the file in error messages, with an article: "the manifest of a farm".
    **options
        As for `sqlite3.connect`.
    """

    def __init__(self, path: str | Path, kind: str, **options: Any) -> None:
        self._path, self._kind = Path(path), kind
        with self._named_errors():
            self._connection = sqlite3.connect(path, isolation_level=None, **options)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Execute a statement and return its rows."""
        with self._named_errors():
            rows: list[Any] = self._connection.execute(statement, values).fetchall()
            return rows

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement for each row of values."""
        with self._named_errors():
            self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that the block executes, or nothing if it raises an error."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite itself rolls back if the disk is full
                self.execute("ROLLBACK")
            raise

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of the bits hold details
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Error(
                    f"another process is working in {self._path.parent}. To fix this, wait, or give another folder"
                ) from error
            if code in _OF_THE_SYSTEM:
                raise DatabaseError(f"{self._path} cannot be read or written: {error}") from error
            raise self.refusal(error) from error

    def refusal(self, problem: object) -> Error:
        """Return the error that the file is not of this kind."""
        return Error(f"{self._path} is not {self._kind}: {problem}. To fix this, move it away, or give another folder")
