"""Manifest of a farm: its plan, the checkpoint of each candidate in progress, and the measures of finished ones."""

import json
from dataclasses import astuple, fields, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from longplay._base.database import Database
from longplay._base.require import show
from longplay._core import Error, SnapshotError
from longplay._making.snapshot import Snapshot
from longplay.farm.measures import Measures
from longplay.farm.worker import Checkpoint, Finished

_FORMAT = 2  # written as SQLite's user_version
_SCHEMA = """
CREATE TABLE plan (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE snapshots (
  candidate INTEGER PRIMARY KEY,
  made_ms INTEGER NOT NULL,
  head BLOB NOT NULL
) STRICT;
CREATE TABLE drawn (
  candidate INTEGER NOT NULL,
  first_event INTEGER NOT NULL,
  events BLOB NOT NULL,
  log_probabilities BLOB NOT NULL,
  PRIMARY KEY (candidate, first_event)
) STRICT;
CREATE TABLE pieces (
  candidate INTEGER PRIMARY KEY,
  file TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  notes INTEGER NOT NULL,
  log_probability REAL NOT NULL,
  in_bands REAL NOT NULL,
  repetition REAL NOT NULL,
  response REAL,
  key_20_s REAL,
  key_1_min REAL,
  key_5_min REAL,
  refusals INTEGER NOT NULL
) STRICT;
"""
_MEASURES = ", ".join(field.name for field in fields(Measures))


class Manifest:
    """The database in the folder of a farm, open for one process at a time.

    A kill at any moment loses nothing that was written. A power cut may lose the last seconds.

    Parameters
    ----------
    path : Path
        The file, which is created if it does not exist.
    plan : dict
        `Plan.as_dict` of the farm.
    candidates : int
        Number of candidates of the farm.

    Raises
    ------
    Error
        Another process has opened the file; or the file holds another plan or format, or is not a manifest.
    DatabaseError
        The file cannot be read or written: the disk is full, for example.
    """

    def __init__(self, path: Path, plan: dict[str, Any], candidates: int) -> None:
        self._path, self._candidates = path, candidates
        self._database = Database(path, "the manifest of a farm", timeout=0)
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            with self._database.transaction():  # locks the file for other processes
                is_new = self._is_new()
                if not is_new:
                    self._check(plan)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            if is_new:
                with self._database.transaction():
                    self._create(plan)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file, so that other processes can open it."""
        self._database.close()

    def _is_new(self) -> bool:
        """Return whether the file has no tables; raise Error if it has another format."""
        ((tables,),) = self._database.execute("SELECT count(*) FROM sqlite_schema")
        ((found,),) = self._database.execute("PRAGMA user_version")
        if tables and found != _FORMAT:
            raise Error(
                f"{self._path} has format {found}, but this version of longplay reads format {_FORMAT}. "
                "To fix this, give another folder"
            )
        return not tables

    def _create(self, plan: dict[str, Any]) -> None:
        for statement in _SCHEMA.split(";"):
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {_FORMAT}")
        values = [(name, json.dumps(value)) for name, value in plan.items()]
        self._database.executemany("INSERT INTO plan VALUES (?, ?)", values)

    def _check(self, plan: dict[str, Any]) -> None:
        rows = self._database.execute("SELECT name, value FROM plan")
        try:
            before = {name: json.loads(value) for name, value in rows}
        except (ValueError, RecursionError) as error:
            raise self._database.refusal(f"its plan has an entry that is not JSON: {error}") from error
        for name, value in json.loads(json.dumps(plan)).items():
            if (old := before.get(name)) != value:
                entry, old, value = _first_difference(name, old, value)
                raise Error(
                    f"{self._path.parent} holds the farm of another command: its {entry} is {show(old)}, not "
                    f"{show(value)}. To fix this, give the same command or another folder"
                )

    def save(self, checkpoints: list[Checkpoint]) -> None:
        """Write checkpoints, all or none."""
        with self._database.transaction():
            for one in checkpoints:
                snapshot = (one.number, one.made_ms, one.head)
                self._database.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", snapshot)
                if one.drawn:
                    ids, nats = one.events.astype("<i4").tobytes(), one.log_probabilities.astype("<f4").tobytes()
                    self._database.execute(
                        "INSERT INTO drawn VALUES (?, ?, ?, ?)", (one.number, one.first_event, ids, nats)
                    )

    def finish(self, finished: Finished, file: str, sha256: str) -> None:
        """Write a finished candidate, and delete its checkpoint."""
        values = (finished.number, file, sha256, *astuple(finished.measures))
        with self._database.transaction():
            self._database.execute(
                f"INSERT OR REPLACE INTO pieces (candidate, file, sha256, {_MEASURES}) "
                f"VALUES ({', '.join('?' * len(values))})",
                values,
            )
            self._database.execute("DELETE FROM snapshots WHERE candidate = ?", (finished.number,))
            self._database.execute("DELETE FROM drawn WHERE candidate = ?", (finished.number,))

    def compact(self) -> None:
        """Shrink the file by the space of deleted checkpoints."""
        self._database.execute("VACUUM")

    def measured(self) -> dict[int, Measures]:
        """Return the measures of the finished candidates, by number."""
        rows = self._database.execute(f"SELECT candidate, {_MEASURES} FROM pieces ORDER BY candidate")
        if strange := [number for number, *_ in rows if not 0 <= number < self._candidates]:
            raise self._database.refusal(f"candidate must be in [0, {self._candidates - 1}], not {strange[0]}")
        return {number: Measures(*values) for number, *values in rows}

    def sha256(self, number: int) -> str:
        """Return the SHA-256 of a finished candidate's MIDI file."""
        ((value,),) = self._database.execute("SELECT sha256 FROM pieces WHERE candidate = ?", (number,))
        return str(value)

    def in_progress(self) -> dict[int, int]:
        """Return the milliseconds of music of each candidate in progress, by number."""
        return dict(self._database.execute("SELECT candidate, made_ms FROM snapshots"))

    def snapshot(self, number: int, model_hash: str, fields: int) -> bytes | None:
        """Return the last snapshot of a candidate in progress, for `Engine.extend`; None for any other."""
        rows = self._database.execute("SELECT head FROM snapshots WHERE candidate = ?", (number,))
        if not rows:
            return None
        query = "SELECT events, log_probabilities FROM drawn WHERE candidate = ? ORDER BY first_event"
        parts = self._database.execute(query, (number,))
        events, log_probabilities = (b"".join(part) for part in zip(*parts, strict=True)) if parts else (b"", b"")
        try:
            return replace(
                Snapshot.from_bytes(rows[0][0], "piece", model_hash, fields),
                events=np.frombuffer(events, "<i4").reshape(-1, fields),
                log_probabilities=np.frombuffer(log_probabilities, "<f4").reshape(-1, fields),
            ).to_bytes()
        except (SnapshotError, ValueError) as error:
            raise self._database.refusal(f"its snapshot of candidate {number} is damaged: {error}") from error


def _first_difference(name: str, old: Any, new: Any) -> tuple[str, Any, Any]:
    """Return the name and the values of the first entry in which two values differ, which may be lists."""
    if not isinstance(old, list) or not isinstance(new, list):
        return name, old, new
    pairs = enumerate(zip_longest(old, new))
    return next((f"{name}[{index}]", *pair) for index, pair in pairs if pair[0] != pair[1])
