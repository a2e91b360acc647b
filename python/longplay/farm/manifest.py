"""A farm on disk: what it makes, how far each candidate has come, what was measured."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from longplay._core import Error
from longplay._making.snapshot import Snapshot
from longplay.farm.making import Kept, Made
from longplay.farm.measures import Measures

_SCHEMA = """
CREATE TABLE IF NOT EXISTS plan (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS snapshots (
  candidate INTEGER PRIMARY KEY,
  made_ms INTEGER NOT NULL,
  head BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS drawn (
  candidate INTEGER NOT NULL,
  first_event INTEGER NOT NULL,
  events BLOB NOT NULL,
  log_probabilities BLOB NOT NULL,
  PRIMARY KEY (candidate, first_event)
) STRICT;
CREATE TABLE IF NOT EXISTS pieces (
  candidate INTEGER PRIMARY KEY,
  file TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  notes INTEGER NOT NULL,
  log_probability REAL NOT NULL,
  in_bands REAL NOT NULL,
  repetition REAL NOT NULL,
  response REAL,
  refusals INTEGER NOT NULL
) STRICT;
"""
_MEASURES = ", ".join(field.name for field in fields(Measures))


class Manifest:
    """The database of a farm's folder, open for one process at a time.

    What was written is there after a kill at any moment; a power cut may take the last seconds.

    Parameters
    ----------
    path : Path
    plan : dict
        `Plan.as_dict`.

    Raises
    ------
    Error
        Another process is at work on it, or it holds another plan, or it is no manifest.
    """

    def __init__(self, path: Path, plan: dict[str, Any]) -> None:
        self._path = path
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            with self._transaction():  # from here on no other process may
                for statement in _SCHEMA.split(";"):
                    self._database.execute(statement)
                self._agree(plan)
        except sqlite3.DatabaseError as error:
            self.close()
            if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
                raise Error(f"another process is at work in {path.parent}") from error
            raise Error(f"{path} is not the manifest of a farm: {error}") from error
        except Error:
            self.close()
            raise

    def close(self) -> None:
        """Let others have it."""
        self._database.close()

    def _agree(self, plan: dict[str, Any]) -> None:
        rows = self._database.execute("SELECT name, value FROM plan").fetchall()
        if not rows:
            values = [(name, json.dumps(value)) for name, value in plan.items()]
            self._database.executemany("INSERT INTO plan VALUES (?, ?)", values)
            return
        before = {name: json.loads(value) for name, value in rows}
        for name, value in json.loads(json.dumps(plan)).items():
            if (old := before.get(name)) != value:
                raise Error(
                    f"{self._path.parent} holds the farm of another command, whose {name} is {old}, not {value}: "
                    "give it the same command, or this one another folder"
                )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def keep(self, standings: list[Kept]) -> None:
        """Write down how far candidates have come, all or none."""
        with self._transaction():
            for kept in standings:
                snapshot = (kept.number, kept.made_ms, kept.head)
                self._database.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", snapshot)
                if kept.drawn:
                    ids, nats = kept.events.astype("<i4").tobytes(), kept.log_probabilities.astype("<f4").tobytes()
                    self._database.execute(
                        "INSERT INTO drawn VALUES (?, ?, ?, ?)", (kept.number, kept.first_event, ids, nats)
                    )

    def finish(self, made: Made, file: str, sha256: str) -> None:
        """Write down that a candidate is done; its snapshot goes."""
        values = (made.number, file, sha256, *astuple(made.measures))
        with self._transaction():
            self._database.execute(
                f"INSERT OR REPLACE INTO pieces (candidate, file, sha256, {_MEASURES}) "
                f"VALUES ({', '.join('?' * len(values))})",
                values,
            )
            self._database.execute("DELETE FROM snapshots WHERE candidate = ?", (made.number,))
            self._database.execute("DELETE FROM drawn WHERE candidate = ?", (made.number,))

    def compact(self) -> None:
        """Give back the room that snapshots took."""
        self._database.execute("VACUUM")

    def measured(self) -> dict[int, Measures]:
        """What was measured of the candidates that are done."""
        rows = self._database.execute(f"SELECT candidate, {_MEASURES} FROM pieces ORDER BY candidate")
        return {number: Measures(*values) for number, *values in rows}

    def sha256(self, number: int) -> str:
        """Of the MIDI file of a candidate that is done."""
        (value,) = self._database.execute("SELECT sha256 FROM pieces WHERE candidate = ?", (number,)).fetchone()
        return str(value)

    def under_way(self) -> dict[int, int]:
        """Milliseconds of music that there are of the candidates under way."""
        return dict(self._database.execute("SELECT candidate, made_ms FROM snapshots"))

    def snapshot(self, number: int, model_hash: str) -> bytes | None:
        """Where a candidate stood at last, for `Engine.extend`; None if it has not begun or is done."""
        row = self._database.execute("SELECT head FROM snapshots WHERE candidate = ?", (number,)).fetchone()
        if row is None:
            return None
        query = "SELECT events, log_probabilities FROM drawn WHERE candidate = ? ORDER BY first_event"
        parts = self._database.execute(query, (number,)).fetchall()
        events, log_probabilities = (b"".join(part) for part in zip(*parts, strict=True)) if parts else (b"", b"")
        return replace(
            Snapshot.from_bytes(row[0], "piece", model_hash),
            events=np.frombuffer(events, "<i4").reshape(-1, 4),
            log_probabilities=np.frombuffer(log_probabilities, "<f4").reshape(-1, 4),
        ).to_bytes()
