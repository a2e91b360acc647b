"""The candidates for a submission: MIDI files of a folder with their provenance, votes and likeness to real music.

The provenance of a piece comes from the JSON files of its folder. Each JSON object with a ``file`` and a ``provenance``
describes the MIDI file of that name. ``longplay generate``, ``extend`` and ``batch`` write such objects.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from longplay._base.cancel import Cancel, until
from longplay._base.text import reason
from longplay._core import Cancelled, Error
from longplay.midi import Notes, midi_bytes, read_midi
from longplay.pages.arena.ladder import Ladder
from longplay.pages.arena.rating import Rating
from longplay.pages.arena.store import DATABASE, Store
from longplay.pictures.clip_features import bands, clip_features
from longplay.provenance import Provenance

SUFFIXES = (".mid", ".midi")


@dataclass(frozen=True)
class SubmissionCandidate:
    """A MIDI file that can become a submission.

    Attributes
    ----------
    path : Path
    data : bytes
        Bytes of the file.
    notes : structured array, shape (notes,)
    provenance : Provenance
    rating : Rating
        Rating by the votes of the folder's arena; the initial rating if there are no votes.
    votes : int
    in_bands : float
        Share of the clip features that lie within the bands of real music (`clip_features`), in [0, 1].
    """

    path: Path
    data: bytes
    notes: Notes
    provenance: Provenance
    rating: Rating
    votes: int
    in_bands: float

    def scores(self) -> dict[str, Any]:
        """Return the scores that rank the candidate, as values for JSON."""
        return {"arena_score": self.rating.score, "votes": self.votes, "in_bands": self.in_bands}


def rank_candidates(folder: Path, cancel: Cancel | None = None) -> tuple[list[SubmissionCandidate], list[str]]:
    """Read and rank the candidates of a folder; raise `Cancelled` if `cancel` is set.

    Returns
    -------
    list of SubmissionCandidate
        The best first: by arena score, then by `in_bands`, then by name.
    list of str
        One warning for each MIDI file that was skipped.

    Raises
    ------
    OSError
        The folder or a file cannot be read.
    ValueError
        A provenance is not valid.

    longplay.Error
        The folder's ``arena.sqlite3`` is not a database of votes.
    """
    known = provenances(folder)
    ladder = _ladder(folder)
    found, skipped = [], []
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    for path in until(cancel, paths):
        if path.name not in known:
            skipped.append(f"{path.name}: no JSON file of the folder has its provenance.")
            continue
        try:
            data = midi_bytes(path)
            notes = read_midi(data, cancel=cancel)
        except Cancelled:
            raise
        except Error as error:
            skipped.append(f"{path.name}: {error}.")
            continue
        id_ = hashlib.sha256(data).hexdigest()
        found.append(
            SubmissionCandidate(
                path, data, notes, known[path.name], ladder.rating(id_), ladder.votes(id_), share_in_bands(notes)
            )
        )
    return sorted(found, key=lambda one: (-one.rating.score, -one.in_bands, one.path.name)), skipped


def share_in_bands(notes: Notes) -> float:
    """Return the share of all clip features that lie within the bands of nine tenths of real clips, in [0, 1]."""
    seconds = int((notes["onset_ms"] + notes["duration_ms"]).max(initial=0)) / 1000
    features = clip_features(notes, seconds)
    low, _, high = np.array(list(bands().values())).T
    return float(((features >= low) & (features <= high)).mean()) if len(features) else 0.0


def provenances(folder: Path) -> dict[str, Provenance]:
    """Read the provenances of the MIDI files of a folder, by file name.

    They come from ``.json`` files and from ``.jsonl`` files, which hold one JSON value a line. If several describe a
    MIDI file, the one with its name wins.

    Raises
    ------
    ValueError
        An entry of a provenance is missing, unknown or out of range.
    """
    found: dict[str, Provenance] = {}
    own: dict[str, Provenance] = {}
    for path in sorted(folder.iterdir()):
        for record in _records(path):
            name = Path(record["file"]).name
            try:
                (own if path.stem == Path(name).stem else found)[name] = Provenance.from_dict(record["provenance"])
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path} has a provenance that is not valid: {reason(error)}") from error
    return found | own


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield each object of a JSON file, at any depth, that has a file and a provenance."""
    if path.suffix not in (".json", ".jsonl") or not path.is_file():
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
