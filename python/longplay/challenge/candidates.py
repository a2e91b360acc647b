"""The pieces of a folder, and what is known of each: what made it, how it was voted on, how it is beside real music.

What made a piece is read from the JSON files of its folder: anything in them that has a ``file`` and a ``provenance``
tells of the MIDI file of that name, as what ``longplay generate --json`` and ``longplay batch --json`` print does.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from longplay._core import Error
from longplay.arena.ladder import Ladder
from longplay.arena.rating import Rating
from longplay.arena.store import DATABASE, Store
from longplay.midi import Notes, midi_bytes, read_midi
from longplay.pictures.clip_features import bands, clip_features
from longplay.provenance import Provenance

SUFFIXES = (".mid", ".midi")


@dataclass(frozen=True)
class Candidate:
    """A MIDI file of a folder.

    Attributes
    ----------
    path : Path
    data : bytes
        The file.
    notes : structured array, shape (notes,)
    made : Provenance
    rating : Rating
        By the votes of the folder's arena; everybody's first one without votes.
    votes : int
    in_bands : float
        Part of its clips' features that lie within the bands of real music (`clip_features`), in [0, 1].
    """

    path: Path
    data: bytes
    notes: Notes
    made: Provenance
    rating: Rating
    votes: int
    in_bands: float

    def standing(self) -> dict[str, Any]:
        """Why it stands where it does, ready for JSON."""
        return {"arena_score": self.rating.score, "votes": self.votes, "in_bands": self.in_bands}


def candidates(folder: Path) -> tuple[list[Candidate], list[str]]:
    """Read the candidates of a folder.

    Returns
    -------
    list of Candidate
        The best first: by arena score, among equals by `in_bands`, then by name.
    list of str
        Why other MIDI files are left out, a sentence each.

    Raises
    ------
    OSError
        The folder or a file cannot be read.
    ValueError
        The folder's ``arena.sqlite3`` is no database of votes, or a provenance in it makes no sense.
    """
    made = provenances(folder)
    ladder = _ladder(folder)
    found, remarks = [], []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES):
        if path.name not in made:
            remarks.append(f"{path.name}: no JSON file of the folder says what made it.")
            continue
        try:
            data = midi_bytes(path)
            notes = read_midi(data)
        except Error as error:
            remarks.append(f"{path.name}: {error}.")
            continue
        id_ = hashlib.sha256(data).hexdigest()
        found.append(
            Candidate(path, data, notes, made[path.name], ladder.rating(id_), ladder.votes(id_), share_in_bands(notes))
        )
    return sorted(found, key=lambda one: (-one.rating.score, -one.in_bands, one.path.name)), remarks


def share_in_bands(notes: Notes) -> float:
    """Part of the features of all clips that nine tenths of real clips have."""
    seconds = int((notes["onset_ms"] + notes["duration_ms"]).max(initial=0)) / 1000
    features = clip_features(notes, seconds)
    low, _, high = np.array(list(bands().values())).T
    return float(((features >= low) & (features <= high)).mean()) if len(features) else 0.0


def provenances(folder: Path) -> dict[str, Provenance]:
    """What the JSON files of a folder (``.json``; ``.jsonl``, one value a line) tell of its MIDI files, by their names.

    Raises
    ------
    ValueError
        A provenance has an entry that is missing, unknown or out of range.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        for record in _records(path):
            try:
                found[Path(record["file"]).name] = Provenance.from_dict(record["provenance"])
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path} has a provenance that makes no sense: {error!r}") from error
    return found


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """What a JSON file holds that has a file and a provenance, at any depth; nothing of other files."""
    if path.suffix not in (".json", ".jsonl"):
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        values = [json.loads(text)]
    except (ValueError, RecursionError):
        values = [value for line in text.splitlines() if (value := _json(line)) is not None]
    while values:
        value = values.pop()
        if isinstance(value, list):
            values.extend(value)
        elif isinstance(value, dict):
            if isinstance(value.get("file"), str) and isinstance(value.get("provenance"), dict):
                yield value
            else:
                values.extend(value.values())


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _ladder(folder: Path) -> Ladder[str]:
    ladder: Ladder[str] = Ladder()
    if (folder / DATABASE).exists():
        store = Store(folder / DATABASE)
        try:
            for vote in store.votes():
                ladder.add(vote.won.candidate, vote.lost.candidate)
        finally:
            store.close()
    return ladder
